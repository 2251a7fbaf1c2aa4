/* global document */
import { Component, createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { TokenBroker } from '/client.js'
import { TokenBrokerProvider, useTokenBroker, useTwilio } from 'twilio-token-broker-client/react'

/** What happened, in order. */
const happened = []

/** A broker whose tokens are named by what was asked for. */
const broker = new TokenBroker({
  url: 'https://tokens.example.com',
  session: false,
  credentials: () => ({ username: 'susan', password: 'secret123' }),
  fetch: async (url, { body }) => new Response(JSON.stringify({ token: `${new URL(url).pathname} ${body}`, expiresIn: 3600 }))
})

const makeSdk = (end) => (token) => {
  happened.push(`made ${token}`)
  if (token.includes('bad')) throw new Error(`no ${token}`)
  return { adapt: () => ({ give () {}, release: () => happened.push('released') }), [end]: () => happened.push(end) }
}

function Kept ({ products, request, end }) {
  const { sdk, error, retry } = useTwilio(products, makeSdk(end), request)
  globalThis.retry = retry
  return error ? String(error) : sdk ? 'ready' : 'waiting'
}

class Boundary extends Component {
  state = { error: null }
  static getDerivedStateFromError = (error) => ({ error })
  render () { return this.state.error ? String(this.state.error) : this.props.children }
}

function Same () {
  return useTokenBroker() === broker ? 'the same' : 'another'
}

const root = createRoot(document.body)
const provided = (child) => createElement(Boundary, null, createElement(TokenBrokerProvider, { broker }, child))
globalThis.react = {
  happened,
  kept: (props) => root.render(provided(createElement(Kept, props))),
  same: () => root.render(provided(createElement(Same))),
  alone: () => root.render(createElement(Boundary, { key: 'alone' }, createElement(Same))),
  unmount: () => root.unmount()
}
