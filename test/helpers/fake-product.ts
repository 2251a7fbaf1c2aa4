/** A file of test/fakes/products as PRODUCTS wants it, a path that starts with a dot, from whatever working directory. */
export function fakeProduct (file: string): string {
  return '../'.repeat(20) + new URL(`../fakes/products/${file}`, import.meta.url).pathname.slice(1)
}
