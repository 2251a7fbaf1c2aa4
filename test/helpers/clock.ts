/** A clock that stands until it is told to go on. */
export function clock () {
  let time = 5000
  return { now: () => time, pass: (ms: number) => { time += ms } }
}
