import { missing, openProxy, type ProxyOptions } from './proxy.js'

const program = '/usr/bin/caddy'

export const noCaddy = missing(program, 'version')

export function caddy ({ cert, key, nodes }: ProxyOptions) {
  return openProxy({
    program,
    recipe: 'caddy/Caddyfile',
    substitutes: ({ port, put }) => [
      [/^tokens\.example\.com \{/m, `https://:${port} {\nbind 127.0.0.1\ntls ${put('cert.pem', cert)} ${put('key.pem', key)}`],
      [/127\.0\.0\.1:3000/, nodes.map(url => new URL(url).host).join(' ')]
    ],
    run: ({ directory, put }, site) => ({
      // Nothing of this machine's own Caddy, and no port but the one.
      args: ['run', '--config', put('Caddyfile', `{\nadmin off\nauto_https disable_redirects\nstorage file_system ${directory}\n}\n${site}`), '--adapter', 'caddyfile'],
      env: { PATH: process.env['PATH'], HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory }
    })
  })
}
