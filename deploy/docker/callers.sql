-- A table of callers for compose.yaml. Hashes are bcrypt, argon2id or scrypt, as `twilio-token-broker users add` writes them.
CREATE TABLE callers (
  name          text PRIMARY KEY,
  password_hash text NOT NULL,
  identity      text UNIQUE
);
