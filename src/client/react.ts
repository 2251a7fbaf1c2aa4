import { createContext, createElement, useCallback, useContext, useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react'
import type { TokenBroker } from './broker.js'
import type { BrokerError } from './errors.js'
import type { CommonRequest, Product, ProductRequests, TokenRequest } from './products.js'
import type { Sdk } from './sdks.js'

/** An SDK's object that can be shut down: Voice's `Device`, the `Client` of Sync, Conversations or Chat. */
export type ClosableSdk = Sdk & ({ destroy (): unknown } | { shutdown (): unknown })

/** What `useTwilio` returns. */
export interface TwilioState<Kept> {
  /** Null until there is a token, and after an error. */
  sdk: Kept | null
  /** Why there is no object: a `BrokerError`, or what `create` threw. Later errors go to the broker's `onError`. */
  error: BrokerError | Error | null
  /** Asks again after an error, as when the user has signed in. */
  retry: () => void
}

const Context = createContext<TokenBroker | null>(null)

/** Gives the components below it one user's `TokenBroker`. Make it outside of them, once for each user. */
export function TokenBrokerProvider ({ broker, children }: { broker: TokenBroker, children?: ReactNode }): ReactElement {
  return createElement(Context.Provider, { value: broker }, children)
}

/** @throws {Error} there is no `TokenBrokerProvider` above */
export function useTokenBroker (): TokenBroker {
  const broker = useContext(Context)
  if (broker === null) throw new Error('There is no TokenBrokerProvider above this component.')
  return broker
}

/**
 * An SDK's object for as long as the component is there: made with a token, given a new one before that ends, and shut down at the end.
 * Another product or request makes another object; another `create` does not.
 *
 * @example
 * const { sdk: device, error } = useTwilio('voice', token => new Device(token))
 */
export function useTwilio<Kept extends ClosableSdk, Name extends Product> (
  product: Name,
  create: (token: string) => Kept,
  request?: TokenRequest<Name>
): TwilioState<Kept>
export function useTwilio<Kept extends ClosableSdk> (
  products: ProductRequests,
  create: (token: string) => Kept,
  request?: CommonRequest
): TwilioState<Kept>
export function useTwilio<Kept extends ClosableSdk> (
  product: Product | ProductRequests,
  create: (token: string) => Kept,
  request?: CommonRequest
): TwilioState<Kept> {
  const broker = useTokenBroker()
  const [state, setState] = useState<Omit<TwilioState<Kept>, 'retry'>>(nothing)
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(create)
  useEffect(() => { latest.current = create })
  // Objects are written anew at each render, and are the same request all the same.
  const asked = JSON.stringify([product, request])

  useEffect(() => {
    const [product, request] = JSON.parse(asked) as [Product, CommonRequest | null]
    const controller = new AbortController()
    let sdk: Kept | undefined
    let kept: { stop (): void } | undefined
    setState(nothing)
    const start = async () => {
      try {
        const token = await broker.token(product, { ...request, signal: controller.signal })
        if (controller.signal.aborted) return
        sdk = latest.current(token)
        kept = broker.keep(sdk, product, request ?? {})
        setState({ sdk, error: null })
      } catch (error) {
        if (!controller.signal.aborted) setState({ sdk: null, error: error as Error })
      }
    }
    start().catch(() => {})
    return () => {
      controller.abort()
      kept?.stop()
      if (sdk !== undefined) close(sdk)
    }
  }, [broker, asked, attempt])

  return { ...state, retry: useCallback(() => setAttempt(before => before + 1), []) }
}

const nothing = { sdk: null, error: null }

function close (sdk: ClosableSdk): void {
  if ('destroy' in sdk) sdk.destroy()
  else sdk.shutdown()
}
