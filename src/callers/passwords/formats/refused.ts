/**
 * Formats that are recognised only to refuse them by name: too weak for a server on the Internet, or supported by none of the installed
 * libraries.
 */
export const refusedFormats: ReadonlyArray<{ name: string, prefix: RegExp }> = [
  { name: 'apr1 (MD5)', prefix: /^\$apr1\$/ },
  { name: 'MD5 crypt', prefix: /^\$1\$/ },
  { name: 'SHA-256 crypt', prefix: /^\$5\$/ },
  { name: 'SHA-512 crypt', prefix: /^\$6\$/ },
  { name: 'yescrypt', prefix: /^\$y\$/ },
  { name: 'faulty bcrypt ($2x$)', prefix: /^\$2x?\$/ },
  { name: 'argon2i', prefix: /^\$argon2i\$/ },
  { name: 'argon2d', prefix: /^\$argon2d\$/ },
  { name: 'unsalted SHA-1', prefix: /^\{SHA\}/i },
  { name: 'salted SHA-1', prefix: /^\{SSHA\}/i },
  { name: 'pbkdf2_sha256', prefix: /^pbkdf2_sha256\$/ },
  { name: 'crypt (DES)', prefix: /^[./A-Za-z0-9]{13}$/ }
]
