/** The part of React that `react.ts` uses. Applications have its types from `@types/react`. */
declare module 'react' {
  export type ReactNode = unknown
  export interface ReactElement { readonly type: unknown }
  export interface Context<Value> { Provider: Component<{ value: Value }> }
  type Component<Props> = ((props: Props) => ReactElement) & { props?: Props }
  export function createContext<Value> (value: Value): Context<Value>
  export function createElement<Props> (component: Component<Props>, props: Props, ...children: ReactNode[]): ReactElement
  export function useContext<Value> (context: Context<Value>): Value
  export function useState<State> (initial: State): [State, (next: State | ((before: State) => State)) => void]
  export function useRef<Value> (initial: Value): { current: Value }
  export function useEffect (effect: () => void | (() => void), dependencies?: unknown[]): void
  export function useCallback<Callback> (callback: Callback, dependencies: unknown[]): Callback
}
