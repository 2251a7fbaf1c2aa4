import { build } from 'esbuild'

/** A module as its package ships it: minified, in one file. Made of the sources, so that no test sees an old one. */
export async function bundleClient (entry: 'index' | 'react' | 'tab' | 'video' = 'index'): Promise<string> {
  const { outputFiles: [file] } = await build({
    entryPoints: [`src/client/${entry}.ts`], external: ['react'], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false
  })
  return file!.text
}
