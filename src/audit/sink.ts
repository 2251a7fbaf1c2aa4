import { access, close, constants, fstatSync, open, read, statfs, statSync, write } from 'node:fs'
import { promisify } from 'node:util'

const pOpen = promisify(open)
const pWrite = promisify(write)
const pRead = promisify(read)
const pClose = promisify(close)
const pAccess = promisify(access)
const pStatfs = promisify(statfs)

/** Where the audit's lines go. */
export interface Sink {
  /** Resolves once every byte is out of the process's hands. */
  write (bytes: Buffer): Promise<void>
  /** Takes up the file that now has the name, after a rotation. */
  reopen (): Promise<void>
  /** Rejects while a write would surely fail. Writes nothing: the log is for its lines alone. */
  probe (): Promise<void>
  close (): Promise<void>
}

/**
 * Appends to a file. Every write ends a line: what a full disk or a crash left of one is ended first, so that it never
 * runs into the next.
 * @throws the system's error, when the file cannot be opened
 */
export async function fileSink (path: string): Promise<Sink> {
  const openLog = () => pOpen(path, 'a+', 0o600)
  let fd = await openLog()
  let torn = await endsTorn(fd)

  return {
    async write (bytes) {
      const whole = torn ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes
      await writeWhole(fd, whole, all => { torn = !all })
    },
    async reopen () {
      const old = fd
      fd = await openLog()
      torn = await endsTorn(fd)
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
 * Standard output, or standard error. Redirected to a file, it is written as one; a pipe is written without blocking, so that a reader who
 * stalls stalls neither a thread nor the end of the process.
 * @param fd the descriptor behind `stream`
 */
export function standardSink (stream: NodeJS.WritableStream, fd = 1): Sink {
  const nothing = async () => {}
  if (isFile(fd)) return { write: bytes => writeWhole(fd, bytes), reopen: nothing, probe: nothing, close: nothing }
  // Each write reports its own failure; without a listener the event would end the process.
  stream.on('error', () => {})
  return {
    write: bytes => new Promise((resolve, reject) => {
      stream.write(bytes, error => error ? reject(error) : resolve())
    }),
    reopen: nothing,
    probe: async () => { if (!stream.writable) throw new Error('nobody reads standard output any more') },
    close: nothing
  }
}

function isFile (fd: number): boolean {
  const answer = fstatSync(fd).isFile()
  // Node's own realpath looks at what the last stat of the process left behind, and stops half-way where that was a pipe. What is
  // imported after that would not find its dependencies where packages are links, as pnpm has them.
  statSync('/')
  return answer
}

/** A write to a disk that fills up may take a part, and say so only the next time. */
async function writeWhole (fd: number, bytes: Buffer, onPart?: (whole: boolean) => void): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await pWrite(fd, bytes, at)).bytesWritten
    onPart?.(at === bytes.length)
  }
}
