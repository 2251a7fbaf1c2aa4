import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { readStart } from '../src/server/config.js'
import { fromFile } from '../src/settings/from-file.js'
import { schema } from '../src/settings/schema.js'
import { complete } from './helpers/broker.js'
import { freePort } from './helpers/free-port.js'
import { inProcess } from './helpers/in-process.js'
import { faultsIn, shapes } from './helpers/kubernetes-shapes.js'
import { root } from './helpers/root.js'

interface Selector { matchLabels: Record<string, string> }
interface Container {
  command?: string[]
  ports?: Array<{ name: string, containerPort: number }>
  env?: Array<{ name: string, value: string }>
  envFrom?: Array<{ configMapRef: { name: string } }>
  securityContext: object
  volumeMounts: Array<{ name: string, mountPath: string, subPath?: string }>
  readinessProbe?: { httpGet: { path: string, port: string } }
  livenessProbe?: { httpGet: { path: string, port: string } }
}
interface Pod {
  metadata: { labels: Record<string, string> }
  spec: { serviceAccountName: string, terminationGracePeriodSeconds: number, securityContext: object, topologySpreadConstraints?: Array<{ labelSelector: Selector }>, containers: [Container], volumes: Array<{ name: string, secret?: { secretName: string }, configMap?: { name: string } }> }
}
interface Manifest {
  file: string
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: { selector: Selector & Record<string, string>, podSelector: Selector, template: Pod, jobTemplate: { spec: { template: Pod } }, ports: Array<{ targetPort: string }>, scaleTargetRef: object, egress: Array<{ ports: Array<{ port: number }> }> }
  data: Record<string, string>
  stringData: Record<string, string>
  resources: string[]
  patches?: Array<{ path: string }>
}

const folder = join(root, 'deploy/kubernetes')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.yaml'))
// As Kubernetes reads YAML: version 1.1, in which 0440 is octal and `on` true.
const manifests = files.flatMap(file => parseAllDocuments(readFileSync(join(folder, file), 'utf8'), { version: '1.1', uniqueKeys: true }).map(document => {
  if (!('errors' in document) || document.errors.length > 0) throw new Error(`${file} is no YAML`)
  return { file, ...document.toJS() as Omit<Manifest, 'file'> }
}))
const find = (kind: string, name = 'twilio-token-broker', of = manifests) => of.find(manifest => manifest.kind === kind && manifest.metadata?.name === name)!
const deployment = find('Deployment').spec.template
const probe = find('CronJob', 'twilio-token-broker-probe').spec.jobTemplate.spec.template
const own = ({ file }: { file: string }) => !file.startsWith('redis-sentinel/')

t.test('every file has the form of its kind', async t => {
  t.ok(files.length > 12)
  for (const { file, apiVersion, kind, ...rest } of manifests) {
    const shape = shapes[`${apiVersion} ${kind}`]
    t.ok(shape, `${file}: ${apiVersion} ${kind}`)
    t.strictSame(faultsIn(rest, shape!), [], `${file}: ${kind}`)
  }
  t.strictSame(faultsIn({ metadata: { nme: 'x' }, automountServiceAccountToken: 'no' }, shapes['v1 ServiceAccount']!),
    ['/metadata/name is missing', '/metadata/nme is not a field', '/automountServiceAccountToken is no boolean'], 'a misspelt one would be found')
})

t.test('every object is valid by the published schemas of Kubernetes', async t => {
  const models: Record<string, Record<string, new (data: object) => { validate (): void }>> = {
    v1: await import('kubernetes-models/v1'),
    'apps/v1': await import('kubernetes-models/apps/v1'),
    'autoscaling/v2': await import('kubernetes-models/autoscaling/v2'),
    'batch/v1': await import('kubernetes-models/batch/v1'),
    'networking.k8s.io/v1': await import('kubernetes-models/networking.k8s.io/v1'),
    'policy/v1': await import('kubernetes-models/policy/v1')
  } as never
  for (const { file, ...manifest } of manifests) {
    // Kustomize's own files are no objects of Kubernetes.
    if (manifest.kind === 'Kustomization') continue
    const Model = models[manifest.apiVersion]![manifest.kind]!
    t.doesNotThrow(() => new Model(manifest).validate(), `${file}: ${manifest.kind}`)
  }
  const wrong = { metadata: { name: 'x' }, automountServiceAccountToken: 'no' }
  t.throws(() => new models['v1']!['ServiceAccount']!(wrong).validate(), { message: /automountServiceAccountToken must be boolean/ })
})

t.test('every file belongs to a kustomization, and what a kustomization names is there', async t => {
  const named = new Set<string>()
  for (const { file, kind, resources, patches = [] } of manifests) {
    if (kind !== 'Kustomization') continue
    t.equal(basename(file), 'kustomization.yaml')
    for (const path of [...resources, ...patches.map(({ path }) => path)]) {
      t.ok(existsSync(join(folder, dirname(file), path)), `${file}: ${path}`)
      named.add(join(dirname(file), path))
    }
  }
  for (const file of files) t.ok(file.endsWith('kustomization.yaml') || named.has(file), file)
  for (const { file, kind, metadata } of manifests) if (file.startsWith('redis-sentinel/') && kind === 'Secret') t.ok(find(kind, metadata.name, manifests.filter(own)), 'what is patched is there')
})

t.test('pods have as little as they need', async t => {
  for (const [name, { spec }] of Object.entries({ deployment, probe })) {
    t.has(spec, { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } } }, name)
    t.ok(find('ServiceAccount', spec.serviceAccountName))
    for (const { securityContext } of spec.containers) t.strictSame(securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }, name)
  }
  t.match(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'), /^USER node$/m, 'whose number is 1000')
})

t.test('what refers to something finds it', async t => {
  const { labels } = deployment.metadata
  for (const selector of [
    find('Deployment').spec.selector.matchLabels, find('PodDisruptionBudget').spec.selector.matchLabels, find('NetworkPolicy').spec.podSelector.matchLabels,
    find('NetworkPolicy', 'twilio-token-broker-sentinel').spec.podSelector.matchLabels, ...deployment.spec.topologySpreadConstraints!.map(({ labelSelector }) => labelSelector.matchLabels),
    find('Service').spec.selector, find('Service', 'twilio-token-broker-metrics').spec.selector
  ]) t.strictSame(selector, labels)
  t.strictSame(find('NetworkPolicy', 'twilio-token-broker-probe').spec.podSelector.matchLabels, probe.metadata.labels)
  t.strictSame(find('HorizontalPodAutoscaler').spec.scaleTargetRef, { apiVersion: find('Deployment').apiVersion, kind: 'Deployment', name: 'twilio-token-broker' })
  const [{ ports = [], envFrom = [], readinessProbe, livenessProbe }] = deployment.spec.containers
  const names = ports.map(({ name }) => name)
  for (const port of [readinessProbe!.httpGet.port, livenessProbe!.httpGet.port, ...['twilio-token-broker', 'twilio-token-broker-metrics'].flatMap(name => find('Service', name).spec.ports.map(({ targetPort }) => targetPort))]) t.ok(names.includes(port), port)
  t.has([readinessProbe, livenessProbe], [{ httpGet: { path: '/readyz' } }, { httpGet: { path: '/healthz' } }])
  for (const { configMapRef } of envFrom) t.ok(find('ConfigMap', configMapRef.name))
  for (const { spec } of [deployment, probe]) {
    const [{ volumeMounts }] = spec.containers
    for (const { name, secret, configMap } of spec.volumes) t.ok(secret === undefined ? find('ConfigMap', configMap!.name) : find('Secret', secret.secretName), name)
    t.strictSame(volumeMounts.map(({ name }) => name), spec.volumes.map(({ name }) => name))
    for (const { subPath } of volumeMounts) t.equal(subPath, undefined, 'what is mounted by subPath never changes')
  }
})

const environment: Record<string, string> = { ...find('ConfigMap').data, ...Object.fromEntries(deployment.spec.containers[0].env!.map(({ name, value }) => [name, value])) }

t.test('every setting is one that there is', async t => {
  const settings = new Set([...Object.keys(schema.properties), ...fromFile.map(name => `${name}_FILE`)])
  for (const name of Object.keys(environment)) t.ok(settings.has(name), name)
  const ports = deployment.spec.containers[0].ports!.map(({ name, containerPort }) => [name, String(containerPort)])
  t.strictSame(ports, [['http', environment.PORT], ['metrics', environment.METRICS_PORT]])
  t.ok(Number(environment.SHUTDOWN_DELAY) + 8 < deployment.spec.terminationGracePeriodSeconds, 'a pod has the time to answer what is under way')
})

t.test('a broker starts with these settings once the blanks are filled, and says of each that is not', async t => {
  const cwd = t.testdir()
  const [mount, policyMount] = deployment.spec.containers[0].volumeMounts.map(({ mountPath }) => mountPath)
  const start = async (at: string, env: Record<string, string>, secrets: Record<string, string>) => {
    const [secretsAt, policyAt] = [join(cwd, at, 'secrets'), join(cwd, at, 'policy')]
    for (const [folder, contents] of [[secretsAt, secrets], [policyAt, find('ConfigMap', 'twilio-token-broker-policy').data]] as const) {
      mkdirSync(folder, { recursive: true })
      for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text, { mode: 0o440 })
    }
    const { diagnostics } = await readStart(Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace(mount!, secretsAt).replace(policyMount!, policyAt)])), cwd)
    return diagnostics
  }
  const blank = find('Secret').stringData
  const diagnostics = await start('blank', environment, blank)
  for (const name of ['TWILIO_ACCOUNT_SID', 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET', 'HOST']) t.ok(diagnostics.some(({ level, subject }) => level === 'mistake' && subject === name), name)

  const filled = {
    'api-key-sid': complete.TWILIO_API_KEY_SID!,
    'api-key-secret': complete.TWILIO_API_KEY_SECRET!,
    'session-secret': 's'.repeat(32),
    'database-url': 'postgres://broker:secret@postgres.postgres.svc/broker',
    'redis-url': 'redis://broker:secret@redis.redis.svc'
  }
  t.strictSame(Object.keys(filled), Object.keys(blank))
  const started = await start('filled', { ...environment, TWILIO_ACCOUNT_SID: complete.TWILIO_ACCOUNT_SID!, TRUST_PROXY: '10.1.2.0/24' }, filled)
  t.strictSame(started, [])
  const sentinel = manifests.find(({ file, kind }) => file === 'redis-sentinel/secrets.yaml' && kind === 'Secret')!.stringData
  const overlaid = await start('sentinel', { ...environment, TWILIO_ACCOUNT_SID: complete.TWILIO_ACCOUNT_SID!, TRUST_PROXY: '10.1.2.0/24' }, { ...filled, ...sentinel })
  t.strictSame(overlaid, [])
  t.match(sentinel['redis-url'], /^redis\+sentinel:/)
})

t.test('the probe\'s command line is one that there is', async t => {
  const { command } = probe.spec.containers[0]
  const [, args = ''] = /^exec node \/app\/dist\/src\/bin\.js (probe .*) < \/run\/secrets\/probe\/password$/.exec(command!.at(-1)!) ?? []
  const { code } = await inProcess(args.replace(/https:\/\/tokens\S+/, `http://127.0.0.1:${await freePort()}`).split(' '), { stdin: Readable.from(['secret123\n']) })
  t.equal(code, 69)
})

t.test('the broker may reach DNS, Redis, PostgreSQL, a login endpoint and Sentinels', async t => {
  const ports = [find('NetworkPolicy'), find('NetworkPolicy', 'twilio-token-broker-sentinel')].flatMap(({ spec }) => spec.egress.flatMap(({ ports }) => ports.map(({ port }) => port)))
  t.strictSame(ports, [53, 53, 6379, 5432, 6432, 443, 26379])
})
