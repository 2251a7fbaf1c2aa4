/**
 * Forms that are recognised only to be refused by name: too weak for a server that the Internet can reach,
 * or verified by nothing that is installed here.
 */
export const refusedForms: ReadonlyArray<{ name: string, begins: RegExp }> = [
  { name: 'apr1 (MD5)', begins: /^\$apr1\$/ },
  { name: 'MD5 crypt', begins: /^\$1\$/ },
  { name: 'SHA-256 crypt', begins: /^\$5\$/ },
  { name: 'SHA-512 crypt', begins: /^\$6\$/ },
  { name: 'yescrypt', begins: /^\$y\$/ },
  { name: 'faulty bcrypt ($2x$)', begins: /^\$2x?\$/ },
  { name: 'argon2i', begins: /^\$argon2i\$/ },
  { name: 'argon2d', begins: /^\$argon2d\$/ },
  { name: 'unsalted SHA-1', begins: /^\{SHA\}/i },
  { name: 'salted SHA-1', begins: /^\{SSHA\}/i },
  { name: 'pbkdf2_sha256', begins: /^pbkdf2_sha256\$/ },
  { name: 'crypt (DES)', begins: /^[./A-Za-z0-9]{13}$/ }
]
