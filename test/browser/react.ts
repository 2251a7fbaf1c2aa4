import { build, type Plugin } from 'esbuild'
import { codeUnder } from './examples.js'

/** The code of the documentation, under the name `documentation`. */
const documentation: Plugin = {
  name: 'documentation',
  setup ({ onResolve, onLoad }) {
    onResolve({ filter: /^documentation$/ }, ({ path }) => ({ path, namespace: 'documentation' }))
    onLoad({ filter: /^/, namespace: 'documentation' }, async () => ({
      contents: `${await codeUnder('Set up')}${await codeUnder('React')}export { App }`,
      loader: 'jsx',
      resolveDir: '.'
    }))
  }
}

/** A page of React with the code of the documentation, or with cases of its own. */
export async function reactPage (name: 'react' | 'react-cases'): Promise<string> {
  const { outputFiles: [file] } = await build({
    entryPoints: [`test/browser/page/${name}.js`],
    plugins: [documentation],
    alias: { 'twilio-token-broker-client/react': './src/client/react.ts' },
    external: ['/client.js'],
    jsx: 'automatic',
    bundle: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false
  })
  return file!.text
}
