/* global document */
import { Component, createElement, StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { broker, useDevice } from 'documentation'

function Phone () {
  const device = useDevice(broker)
  const [state, setState] = useState('')
  device?.once('registered', () => setState('registered'))
  return state
}

class Boundary extends Component {
  state = { error: null }
  static getDerivedStateFromError = (error) => ({ error })
  render () { return this.state.error ? String(this.state.error) : this.props.children }
}

// In strict mode React mounts everything twice, which shows whether a hook cleans up.
const root = createRoot(document.body)
root.render(createElement(StrictMode, null, createElement(Boundary, null, createElement(Phone))))
globalThis.unmount = () => root.unmount()
