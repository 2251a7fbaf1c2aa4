/** As many lines as a person reads at once. */
const most = 20

/** What a reader found in a file: one sentence for each line at fault, `users.htpasswd:7 …`, and the rest only counted. */
export class LineErrors {
  readonly #sentences: string[] = []
  #more = 0

  /** @param label the file as the operator named it */
  constructor (readonly label: string) {}

  add (line: number, says: string): void {
    if (this.#sentences.length < most) this.#sentences.push(`${this.label}:${line} ${says}`)
    else this.#more++
  }

  get any (): boolean {
    return this.#sentences.length > 0
  }

  list (): string[] {
    return this.#more === 0 ? this.#sentences : [...this.#sentences, `and ${this.#more} more like these in ${this.label}`]
  }
}

/** The same for what may be true of every line: each sentence once, with its first line and how many there are. */
export class Repeated {
  readonly #sentences = new Map<string, { line: number, count: number }>()

  constructor (readonly label: string) {}

  add (line: number, says: string): void {
    const before = this.#sentences.get(says)
    if (before) before.count++
    else this.#sentences.set(says, { line, count: 1 })
  }

  list (): string[] {
    return Array.from(this.#sentences, ([says, { line, count }]) =>
      `${this.label}:${line} ${says}${count === 1 ? '' : ` (and ${count - 1} more)`}`)
  }
}
