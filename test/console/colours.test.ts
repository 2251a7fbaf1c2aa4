import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COLOURS, coloursOf } from '../../src/console/colours.js'
import { root } from '../helpers/root.js'

type Vector = [number, number, number]
type Matrix = [Vector, Vector, Vector]

/** What colour-blind eyes see, in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const eyes: Record<string, Matrix> = {
  'most eyes': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
}

const times = (matrix: Matrix, vector: Vector) => matrix.map(row => row.reduce((sum, value, i) => sum + value * vector[i]!, 0)) as Vector

function linear (hex: string): Vector {
  return [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4) as Vector
}

/** Oklab, in which distances are what eyes see: https://bottosson.github.io/posts/oklab/ */
function oklab (colour: Vector): Vector {
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], colour)
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones.map(Math.cbrt) as Vector)
}

/** WCAG 2.2 */
function contrast (one: string, other: string): number {
  const [dark, light] = [one, other].map(hex => linear(hex)).map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue).sort((a, b) => a - b)
  return (light! + 0.05) / (dark! + 0.05)
}

/** The variables of a scheme; dark ones come second in each file. */
function variables (scheme: 'light' | 'dark'): Map<string, string> {
  const sheets = ['style.css', 'operator.css'].map(file => readFileSync(join(root, 'src/console', file), 'utf8').split('prefers-color-scheme: dark'))
  return new Map(sheets.flatMap(([light, dark]) => [...(scheme === 'light' ? light : dark)!.matchAll(/--([\w-]+): (#[0-9a-f]{3,6})/g)].map(([, name, value]): [string, string] => [name!, value!.length === 4 ? value!.replace(/[0-9a-f]/g, '$&$&') : value!])))
}

for (const scheme of ['light', 'dark'] as const) {
  const colours = variables(scheme)
  const names = [...Array.from({ length: COLOURS }, (_, i) => `product-${i}`), 'of-none']

  t.test(`ten colours and the one for no product stand out from the card, ${scheme}`, t => {
    for (const name of names) t.ok(contrast(colours.get(name)!, colours.get('card')!) >= 3, `${name} ${colours.get(name)}`)
    t.end()
  })

  for (const [eye, matrix] of Object.entries(eyes)) {
    t.test(`any two of them differ for ${eye}, ${scheme}`, t => {
      const seen = names.map(name => oklab(times(matrix, linear(colours.get(name)!)).map(value => Math.min(1, Math.max(0, value))) as Vector))
      const distances = seen.flatMap((one, i) => seen.slice(0, i).map(other => Math.hypot(...one.map((value, j) => value - other[j]!))))
      const nearest = Math.min(...distances)
      // A just noticeable difference is 0.02.
      t.ok(nearest >= 0.075, nearest.toFixed(3))
      t.end()
    })
  }
}

t.test('a product keeps its colour whatever else comes or goes', t => {
  const own = ['video', 'voice', 'sync', 'conversations', 'chat']
  const others = ['fax', 'taskrouter', 'live', 'flex', 'verify']
  t.equal(new Set([...coloursOf([...own, ...others]).values()]).size, 10, 'ten differ')
  for (const name of own) t.equal(coloursOf([]).get(name), coloursOf([...others, name]).get(name), name)
  for (const name of others) t.equal(coloursOf([name]).get(name), coloursOf([name, ...own]).get(name), name)
  const all = coloursOf(others)
  others.forEach((name, i) => t.equal(coloursOf(others.slice(0, i + 1)).get(name), all.get(name), `${name} is not moved by later ones`))
  t.equal(coloursOf([...others, 'eleventh']).get('eleventh'), 10, 'from there on lines are dashed')
  t.end()
})
