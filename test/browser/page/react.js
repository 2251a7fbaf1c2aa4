/* global document */
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from 'documentation'

// In strict mode React mounts everything twice, which shows whether the hook cleans up.
const root = createRoot(document.body)
root.render(createElement(StrictMode, null, createElement(App)))
globalThis.unmount = () => root.unmount()
