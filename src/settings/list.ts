/** The entries of a comma-separated setting, without blanks around them. */
export function list (value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map(entry => entry.trim())
}
