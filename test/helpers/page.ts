import type { Test } from 'tap'
import { susan } from './broker.js'
import { athOf, PageKey, type ProofParts } from './dpop.js'
import { ask, type Answer, type Ask } from './http.js'

export interface PageAsk extends Ask {
  /** In the place of the right proof. */
  proof?: string | undefined
  /** What is changed of the right proof. */
  parts?: ProofParts
}

/** A page that signs in once and keeps no password. */
export class Page {
  readonly key = new PageKey()
  readonly #url: string
  readonly #seenAs: string
  session = ''
  nonce: string | undefined

  /**
   * @param url of the broker
   * @param seenAs where the page takes the broker to be, behind a proxy
   */
  constructor (url: string, seenAs = url) {
    this.#url = url
    this.#seenAs = seenAs
  }

  /** The claims of the proof that is right for a request with the session. */
  right ({ method = 'POST', path = '/token/video' }: Ask = {}) {
    return { htm: method, htu: this.#seenAs + path, ath: athOf(this.session), nonce: this.nonce! }
  }

  /** A right proof, but for what is changed of it. */
  proof ({ parts = {}, ...request }: PageAsk = {}): string {
    return this.key.proof({ ...parts, claims: { ...this.right(request), ...parts.claims } })
  }

  /** `POST /session`. */
  async open ({ as = susan, path = '/session', parts = {}, ...request }: PageAsk = {}): Promise<Answer> {
    const proof = 'proof' in request ? request.proof : this.key.proof({ ...parts, claims: { htu: this.#seenAs + path, ...parts.claims } })
    const { proof: _, headers, ...rest } = request
    return this.#keep(await ask(this.#url, { path, ...(as !== '' && { as }), ...rest, headers: { ...(proof !== undefined && { DPoP: proof }), ...headers } }))
  }

  /** Any request with the session and a new proof. @param url another node */
  async ask (request: PageAsk = {}, url = this.#url): Promise<Answer> {
    const proof = 'proof' in request ? request.proof : this.proof(request)
    const { proof: _, parts: __, headers, ...rest } = request
    return this.#keep(await ask(url, { as: `DPoP ${this.session}`, ...rest, headers: { ...(proof !== undefined && { DPoP: proof }), ...headers } }))
  }

  /** `DELETE /session`. */
  end (request: PageAsk = {}, url?: string): Promise<Answer> {
    return this.ask({ method: 'DELETE', path: '/session', ...request }, url)
  }

  #keep (answer: Answer): Answer {
    const { 'dpop-nonce': nonce } = answer.headers
    if (typeof nonce === 'string') this.nonce = nonce
    if (answer.status === 201) this.session = answer.body.session as string
    return answer
  }
}

/** A page that has signed in. */
export async function signedIn (url: string, request?: PageAsk): Promise<Page> {
  const page = new Page(url)
  const { status, text } = await page.open(request)
  if (status !== 201) throw new Error(`${status}: ${text}`)
  return page
}

/** Sets the clock of this process, which is the broker's and the page's, by so many seconds until the test ends. */
export function setClock (t: Test, seconds: number): void {
  const real = Date.now
  Date.now = () => real() + seconds * 1000
  t.teardown(() => { Date.now = real })
}
