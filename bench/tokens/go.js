// The peer in Go. Optional: it takes part where Debian's compiler and libraries are installed.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../peers/token_server.go', import.meta.url))
const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode' }

/** Compiles it into the folder. @returns how to start it, with its version in the name; undefined where it cannot be compiled */
export function compileGo (folder) {
  const binary = join(folder, 'token-server')
  if (spawnSync('go', ['build', '-o', binary, source], { env }).status !== 0) return undefined
  const version = /go(\d[\w.]*)/.exec(String(spawnSync('go', ['version']).stdout))[1]
  return { name: `Go ${version} + golang-jwt, all cores`, command: [binary] }
}
