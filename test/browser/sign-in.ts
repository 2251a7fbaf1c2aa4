import { build } from 'esbuild'

/** What the page offers to a test. */
export interface SignInPage {
  signIn: (issuer: string) => Promise<void>
  connect: (broker: string) => Promise<{ identity: string, errors: string[] }>
}

declare global {
  const signInPage: SignInPage
}

/** The module of a page whose user signs in at an OpenID provider. */
export async function signInModule (): Promise<string> {
  const { outputFiles: [file] } = await build({
    entryPoints: ['test/browser/page/sign-in.js'], external: ['/client.js'], bundle: true, format: 'esm', write: false
  })
  return file!.text
}

export const signInHtml = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A page</title>
<body>
<script src="/sdk/voice.js"></script>
<script type="module" src="/sign-in.js"></script>
</html>
`
