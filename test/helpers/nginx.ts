import { missing, openProxy, type ProxyOptions } from './proxy.js'

const program = '/usr/sbin/nginx'

export const noNginx = missing(program, '-v')

interface NginxOptions extends ProxyOptions {
  /** With the line for several processes of one machine. */
  byAddress?: boolean
}

export function nginx ({ cert, key, nodes, byAddress = false }: NginxOptions) {
  return openProxy({
    program,
    recipe: 'nginx/broker.conf',
    substitutes: ({ port, put }) => [
      [/listen 443/, `listen 127.0.0.1:${port}`],
      [/ssl_certificate \s*\S+;/, `ssl_certificate ${put('cert.pem', cert)};`],
      [/ssl_certificate_key \s*\S+;/, `ssl_certificate_key ${put('key.pem', key)};`],
      [/server 127\.0\.0\.1:3000 (.*);/, nodes.map(url => `server ${new URL(url).host} $1;`).join('\n')],
      ...(byAddress ? [[/# (hash .*;)/, '$1'] satisfies [RegExp, string]] : [])
    ],
    run ({ directory, put }, site) {
      put('broker.conf', site)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory};`).join(' ')
      const config = put('nginx.conf', `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;
    events { worker_connections 512; } http { access_log off; ${temporary} include ${directory}/broker.conf; }`)
      return { args: ['-p', directory, '-c', config] }
    }
  })
}
