import t from 'tap'
import { connect } from '../../src/client/video.js'
import { minute, setUp } from './world.js'

t.test('Video', async t => {
  class FakeRoom extends EventTarget {
    ended = (_room: unknown, _error: unknown) => {}
    left = false
    on (_event: 'disconnected', listener: (room: unknown, error: unknown) => void) { this.ended = listener }
    disconnect () { this.left = true }
    end (error?: unknown) { this.ended(this, error) }
  }
  const makeVideo = () => {
    const video = {
      tokens: [] as string[],
      rooms: [] as FakeRoom[],
      errors: [] as unknown[],
      async connect (token: string, _options?: { name?: string | null, tracks?: [] }) {
        video.tokens.push(token)
        const error = video.errors.shift()
        if (error !== undefined) throw error
        const room = new FakeRoom()
        video.rooms.push(room)
        return room
      }
    }
    return video
  }
  const expired = { code: 20104 }

  await t.test('is entered with a token for its room', async t => {
    const { world, broker } = setUp(t)
    const video = makeVideo()
    await connect(broker, video, { name: 'My Room' })
    await connect(broker, video, {}, { ttl: 600 })
    await connect(broker, video, { name: null })
    t.same(world.asked.map(({ body }) => body), [{ room: 'My Room' }, { ttl: 600 }, {}])
    t.same(video.tokens, ['token 1', 'token 2', 'token 3'])
    video.rooms[0]!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms.length, 3, 'without onRoom nobody would know of another room')
  })

  await t.test('is entered with another token where the first is found to have ended, and with no third', async t => {
    const { broker } = setUp(t)
    const video = makeVideo()
    video.errors.push(expired)
    await connect(broker, video, { name: 'My Room' })
    t.same(video.tokens, ['token 1', 'token 2'])
    video.errors.push(expired, expired)
    await t.rejects(connect(broker, video, { name: 'My Room' }), expired)
    video.errors.push({ code: 53105 })
    await t.rejects(connect(broker, video, { name: 'My Room' }), { code: 53105 })
    t.equal(video.tokens.length, 5)
  })

  await t.test('is entered anew when it ends with its token', async t => {
    const { world, broker, errors } = setUp(t)
    const video = makeVideo()
    const rooms: FakeRoom[] = []
    await connect(broker, video, { name: 'My Room' }, { onRoom: room => rooms.push(room) })
    await world.pass(61 * minute)
    t.equal(world.asked.length, 1, 'a room needs no token while it lasts')
    world.wake('online')
    await world.pass(minute)
    t.equal(world.asked.length, 1, 'nor when the page wakes')
    rooms[0]!.end(expired)
    video.errors.push({ code: 53001 }, expired)
    await world.pass(minute)
    t.equal(rooms.length, 2)
    t.equal(video.tokens.length, 4)
    await world.pass(59 * minute)
    t.equal(video.tokens.length, 4)
    rooms[1]!.end()
    await world.pass(120 * minute)
    t.equal(rooms.length, 2, 'but not when the user has left')
    t.same(errors, [])
    t.equal(world.timers, 0)
  })

  await t.test('is given up, and the page told, where it cannot be entered anew', async t => {
    const { world, broker, errors } = setUp(t)
    const video = makeVideo()
    const rooms: FakeRoom[] = []
    await connect(broker, video, { name: 'My Room' }, { onRoom: room => rooms.push(room) })
    video.errors.push(Object.assign(new Error('full'), { code: 53105 }))
    rooms[0]!.end(expired)
    await world.pass(60 * minute)
    t.has(errors, [{ name: 'BrokerError', code: 'sdk-failed', message: 'full', cause: { code: 53105 } }])
    t.same([world.timers, world.listeners], [0, 0])
  })

  await t.test('is left when the page has changed its mind meanwhile', async t => {
    const { world, broker, errors } = setUp(t)
    const video = makeVideo()
    const early = new AbortController()
    await connect(broker, video, { name: 'My Room' }, { onRoom () {}, signal: early.signal })
    early.abort()
    video.rooms.shift()!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms.length, 0)
    t.equal(world.asked.length, 1, 'nothing is even asked for')
    const mind = new AbortController()
    await connect(broker, video, { name: 'My Room' }, { onRoom () {}, signal: mind.signal })
    const { connect: enter } = video
    video.connect = token => { mind.abort(); return enter(token) }
    video.rooms[0]!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms[1]!.left, true)
    video.rooms[0]!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms.length, 2, 'and not entered again')
    t.same(errors, [])
    t.same([world.timers, world.listeners], [0, 0])
  })

  await t.test('is not entered where the page has changed its mind before', async t => {
    const { world, broker } = setUp(t)
    const video = makeVideo()
    const { connect: enter } = video
    const rows: Array<{ aborted: string, when: () => void, asked: number, rooms: number }> = [
      { aborted: 'before the call', when () { mind.abort() }, asked: 0, rooms: 0 },
      { aborted: 'while the token is on its way', when () { world.latency = 1000; setTimeout(() => mind.abort(), 500) }, asked: 1, rooms: 0 },
      { aborted: 'while the connection is made', when () { video.connect = token => { mind.abort(); return enter(token) } }, asked: 1, rooms: 1 }
    ]
    let mind: AbortController
    for (const { aborted, when, asked, rooms } of rows) {
      await t.test(aborted, async t => {
        mind = new AbortController()
        const before = [world.asked.length, video.rooms.length] as const
        when()
        const entered = t.rejects(connect(broker, video, { name: aborted }, { onRoom: () => t.fail('not entered'), signal: mind.signal }), { name: 'AbortError' })
        await world.pass(minute)
        await entered
        t.equal(world.asked.length - before[0], asked)
        t.equal(video.rooms.length - before[1], rooms)
        t.ok(video.rooms.every(({ left }) => left))
        t.same([world.timers, world.listeners], [0, 0])
      })
    }
  })
})
