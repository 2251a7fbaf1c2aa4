/**
 * What a policy's size costs a request: one rule, or one member of a group, against 10 000. Prints nanoseconds a
 * decision, and what the larger policy adds to the work that a token takes in any case (decision, grant, signature),
 * which is less than a whole request is.
 *
 *     node test/compile.js && node build/bench/policy.js
 */
import { compile } from '../src/policy/compile.js'
import { decide } from '../src/policy/decide.js'
import { createMint } from '../src/tokens/mint.js'
import type { Policy } from '../src/policy/policy.js'
import { builtIn } from '../src/products/load.js'

const many = 10_000
const rounds = 41
const ttl = { default: 3600, max: 3600 }
const product = (await builtIn()).get('video')!
const mint = createMint({ accountSid: `AC${'0'.repeat(32)}`, keySid: `SK${'0'.repeat(32)}`, keySecret: 'a secret of a benchmark' })

const allow = () => ({ video: { rooms: ['{caller}:*', 'lobby'] } })
const users = (count: number) => Array.from({ length: count }, (_, i) => `user${i}@example.com`)

/** Each of them with `count` rules or members; every one of `users(count)` may enter `lobby`. */
const sizes: Record<string, (count: number) => Policy> = {
  'rules, one a name': count => compile({ rules: users(count).map(name => ({ who: [name], allow: allow() })) }),
  'rules, one a pattern': count => compile({ rules: users(count).map(name => ({ who: [`*${name.slice(1)}`], allow: allow() })) }),
  'members of one group': count => compile({ groups: { all: users(count) }, rules: [{ who: ['group:all'], allow: allow() }] }),
  'groups and rules': count => compile({
    groups: Object.fromEntries(users(count).map(name => [`g${name}`, [name]])),
    rules: users(count).map(name => ({ who: [`group:g${name}`], allow: allow() }))
  }),
  'rules, the last for all': count => compile({
    rules: [...users(count - 1).map(name => ({ who: [`x${name}`], allow: allow() })), { who: ['*'], allow: allow() }]
  })
}

function answer (policy: Policy, name: string) {
  const decision = decide({ policy, ttl }, { name, identity: name }, {})
  return { decision, granted: decision.grant({ product, settings: {}, request: { room: 'lobby' } }) }
}

/** Nanoseconds a turn, of 5000 turns over the callers. */
function time (callers: string[], turn: (name: string) => unknown): number {
  const started = process.hrtime.bigint()
  for (let i = 0; i < 5000; i++) turn(callers[i % callers.length]!)
  return Number(process.hrtime.bigint() - started) / 5000
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1]!

for (const [name, make] of Object.entries(sizes)) {
  const [small, large] = [make(1), make(many)]
  const [one, all] = [users(1), users(many).filter((_, i) => i % 100 === 99)]
  const seen = { one: [] as number[], many: [] as number[], token: [] as number[] }
  // By turns, so that what else the machine does meets all of them alike.
  for (let i = 0; i < rounds; i++) {
    seen.one.push(time(one, name => answer(small, name)))
    seen.many.push(time(all, name => answer(large, name)))
    seen.token.push(time(one, name => {
      const { decision: { identity, ttl }, granted } = answer(small, name)
      mint.sign({ identity, ttl, grants: [granted.grant] })
    }))
  }
  const [least, most, token] = [median(seen.one), median(seen.many), median(seen.token)]
  console.log(`${name.padEnd(24)} 1: ${least.toFixed(0)} ns   ${many}: ${most.toFixed(0)} ns   ratio ${(most / least).toFixed(2)}   adds ${(100 * (most - least) / token).toFixed(1)} % to a token (${(token / 1000).toFixed(1)} µs)`)
}
