import { closeSync, openSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { createAudit } from '../../src/audit/audit-log.js'
import { fileSink, standardSink } from '../../src/audit/sink.js'
import { ids, line, unavailable } from '../helpers/audit.js'

t.test('a probe finds a full disk, a missing file and a reader that is gone', async t => {
  const full = await fileSink('/proc/self/comm')
  await t.rejects(full.probe(), { message: 'the disk is full' })
  await full.close()
  const path = join(t.testdir(), 'audit.log')
  const file = await fileSink(path)
  await file.probe()
  unlinkSync(path)
  await t.rejects(file.probe(), { code: 'ENOENT' })
  await file.close()
  const stream = new PassThrough()
  const pipe = standardSink(stream, openSync('/dev/null', 'w'))
  await pipe.probe()
  stream.destroy()
  await t.rejects(pipe.probe(), { message: /nothing reads/ })
})

t.test('a file is appended to, a line that a crash cut off is ended, and closing writes the lines that are left', async t => {
  const path = join(t.testdir({ 'audit.log': '{"torn' }), 'audit.log')
  const audit = createAudit(await fileSink(path))
  const written = audit.record(line(1))
  await audit.close()
  await written
  t.equal(readFileSync(path, 'utf8').split('\n')[0], '{"torn')
  t.strictSame(ids(readFileSync(path, 'utf8').slice(7)), ['1'])
})

t.test('O30: five rotations under load lose and split no line', async t => {
  const folder = t.testdir()
  const path = join(folder, 'audit.log')
  const audit = createAudit(await fileSink(path))
  const recorded: Array<Promise<void>> = []
  for (let n = 0; n < 10_000; n++) {
    recorded.push(audit.record(line(n)))
    if (n % 2000 === 1000) {
      renameSync(path, `${path}.${n}`)
      await audit.reopen()
    }
    if (n % 50 === 0) await recorded.at(-1)
  }
  await Promise.all(recorded)
  await audit.close()
  const files = [1000, 3000, 5000, 7000, 9000].map(n => `${path}.${n}`).concat(path)
  const found = files.flatMap(file => ids(readFileSync(file, 'utf8')))
  t.strictSame(found, Array.from({ length: 10_000 }, (_, n) => String(n)))
})

t.test('standard output is written as what it is', async t => {
  const text: string[] = []
  const pipe = new PassThrough()
  pipe.on('data', chunk => text.push(String(chunk)))
  const device = openSync('/dev/null', 'w')
  t.teardown(() => closeSync(device))
  const toPipe = standardSink(pipe, device)
  await toPipe.write(Buffer.from('a line\n'))
  t.strictSame(text, ['a line\n'])
  await toPipe.reopen()
  await toPipe.close()

  const path = join(t.testdir(), 'out')
  const file = openSync(path, 'a')
  t.teardown(() => closeSync(file))
  const toFile = standardSink(pipe, file)
  await toFile.write(Buffer.from('a line\n'))
  await toFile.reopen()
  await toFile.close()
  t.equal(readFileSync(path, 'utf8'), 'a line\n')
})

t.test('a reader of standard output who is gone fails the line, not the process', async t => {
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const device = openSync('/dev/null', 'w')
  t.teardown(() => closeSync(device))
  await t.rejects(createAudit(standardSink(gone, device)).record(line(1)), unavailable)
})
