// npm run dev: compiles what has changed and starts the demo. Node starts this file anew at each change of src/ and plugins/.
import { compile } from './test/compile.js'

await compile()
await import('./src/console/build.js')
process.argv.splice(2, 0, 'demo')
await import('./build/src/bin.js')
