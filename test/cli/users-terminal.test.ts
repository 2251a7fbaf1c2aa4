import { PassThrough } from 'node:stream'
import t from 'tap'
import { answered, bcrypt, fileIn, password } from '../helpers/users-command.js'
import { label } from '../helpers/users-file.js'

/** What a person types at a terminal; control characters as keys. */
function terminal (keys: string) {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => modes.push(mode) })
  stdin.write(keys)
  return { stdin, modes }
}

t.test('at a terminal a new password is asked for twice, without being shown', async t => {
  const dir = t.testdir()
  const { stdin, modes } = terminal(`${password}x\x7f\r${password}\r`)
  t.same(await answered(dir, ['add', 'susan'], stdin), { exitCode: 0, out: 'added susan to users.htpasswd\n', err: 'New password: \nThe same again: \n' })
  t.same(modes, [true, false])
  const check = terminal(`${password}\r`)
  t.same(await answered(dir, ['check', 'susan'], check.stdin), { exitCode: 0, out: 'this is the password of susan\n', err: 'Password: \n' })
  t.same(check.modes, [true, false])
})

t.test('at a terminal nothing is changed when the passwords differ or the questions are not answered', async t => {
  const dir = t.testdir({ [label]: `susan:${bcrypt}\n` })
  const aborted = /\naborted; nothing was changed\n$/
  const rows: Array<{ name: string, keys: string, exitCode: number, err: RegExp }> = [
    {
      name: 'different',
      keys: `${password}\r${password}x\r`,
      exitCode: 2,
      err: /\nthe two passwords are different; nothing was changed\n$/
    },
    { name: 'Ctrl-C', keys: 'corr\x03', exitCode: 130, err: aborted },
    { name: 'Ctrl-C at the second', keys: `${password}\rcorr\x03`, exitCode: 130, err: aborted },
    { name: 'Ctrl-D', keys: '\x04', exitCode: 130, err: aborted }
  ]
  for (const { name, keys, exitCode, err } of rows) {
    const { stdin, modes } = terminal(keys)
    t.match(await answered(dir, ['passwd', 'susan'], stdin), { exitCode, out: '', err }, name)
    t.same(modes, [true, false], 'the terminal is given back')
  }
  const { stdin } = terminal('')
  stdin.end()
  t.match(await answered(dir, ['check', 'susan'], stdin), { exitCode: 130, err: aborted })
  t.equal(fileIn(dir), `susan:${bcrypt}\n`)
})
