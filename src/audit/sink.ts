import { access, close, constants, fstatSync, open, read, statfs, statSync, write } from 'node:fs'
import { promisify } from 'node:util'

const pOpen = promisify(open)
const pWrite = promisify(write)
const pRead = promisify(read)
const pClose = promisify(close)
const pAccess = promisify(access)
const pStatfs = promisify(statfs)

/** A destination of audit lines. */
export interface Sink {
  /** Resolves once the operating system has accepted every byte. */
  write (bytes: Buffer): Promise<void>
  /** Continues in the file that now has the log's name, after a rotation. */
  reopen (): Promise<void>
  /** Rejects while a write would certainly fail. Writes nothing, so that the log holds audit lines only. */
  probe (): Promise<void>
  close (): Promise<void>
}

/**
 * Appends to a file. Ends a line that a full disk or a crash cut off before it writes the next one, so that the two never merge.
 * @throws the system's error, when the file cannot be opened
 */
export async function fileSink (path: string): Promise<Sink> {
  const openLog = () => pOpen(path, 'a+', 0o600)
  let fd = await openLog()
  let isTorn = await endsTorn(fd)

  return {
    async write (bytes) {
      const complete = isTorn ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes
      await writeAll(fd, complete, isComplete => { isTorn = !isComplete })
    },
    async reopen () {
      const old = fd
      fd = await openLog()
      isTorn = await endsTorn(fd)
      await pClose(old)
    },
    async probe () {
      await pAccess(path, constants.W_OK)
      if ((await pStatfs(path)).bavail === 0) throw new Error('the disk is full')
    },
    close: () => pClose(fd)
  }
}

async function endsTorn (fd: number): Promise<boolean> {
  const { size } = fstatSync(fd)
  if (size === 0) return false
  const { buffer } = await pRead(fd, Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== 0x0a
}

/**
 * Standard output or standard error. If it is redirected to a file, writes to its descriptor. Otherwise writes to the stream, without
 * blocking: a reader that stalls must not block a thread or the end of the process.
 * @param fd the descriptor of `stream`
 */
export function standardSink (stream: NodeJS.WritableStream, fd = 1): Sink {
  const doNothing = async () => {}
  if (isFile(fd)) return { write: bytes => writeAll(fd, bytes), reopen: doNothing, probe: doNothing, close: doNothing }
  // Each write's callback reports its failure. Without a listener, the error event would end the process.
  stream.on('error', () => {})
  return {
    write: bytes => new Promise((resolve, reject) => {
      stream.write(bytes, error => error ? reject(error) : resolve())
    }),
    reopen: doNothing,
    probe: async () => { if (!stream.writable) throw new Error('nothing reads standard output any more') },
    close: doNothing
  }
}

function isFile (fd: number): boolean {
  const answer = fstatSync(fd).isFile()
  // Resets the shared buffer of Node's last stat. If that was a pipe, Node's realpath stops early, and later imports fail where packages
  // are symbolic links, as with pnpm.
  statSync('/')
  return answer
}

/**
 * Writes all bytes. After a partial write it writes the rest: a disk that fills up accepts a part first, and reports the error only at the
 * next write.
 */
async function writeAll (fd: number, bytes: Buffer, onPart?: (isComplete: boolean) => void): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await pWrite(fd, bytes, at)).bytesWritten
    onPart?.(at === bytes.length)
  }
}
