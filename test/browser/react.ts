import { build, type Plugin } from 'esbuild'
import { codeUnder } from './examples.js'

/** The hook of the documentation, under the name `documentation`. */
const documentation: Plugin = {
  name: 'documentation',
  setup ({ onResolve, onLoad }) {
    onResolve({ filter: /^documentation$/ }, ({ path }) => ({ path, namespace: 'documentation' }))
    onLoad({ filter: /^/, namespace: 'documentation' }, async () => ({
      contents: `${await codeUnder('Set up')}${await codeUnder('React')}export { broker, useDevice }`,
      resolveDir: '.'
    }))
  }
}

/** A page of React that uses the hook. */
export async function reactExample (): Promise<string> {
  const { outputFiles: [file] } = await build({
    entryPoints: ['test/browser/page/react.js'],
    plugins: [documentation],
    external: ['/client.js'],
    bundle: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false
  })
  return file!.text
}
