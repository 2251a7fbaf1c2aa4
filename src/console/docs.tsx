import { render } from 'preact'

render(<p>Reference</p>, document.getElementById('page')!)
