/** With a session it stores it, with null it deletes it, and without an argument it returns it. Where storing fails, nothing is stored. */
export interface SessionStorage<Login> {
  (login: Login | null): void
  (): Promise<Login | null | undefined>
}

/** Opens the storage for the sessions of one broker. Its only one so far is `tab`. */
export type OpenSessionStorage = <Login>(url: string) => SessionStorage<Login>
