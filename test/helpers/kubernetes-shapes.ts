/**
 * What the manifests of deploy/kubernetes may hold, as the API reference of Kubernetes 1.27 has it: the fields that they use, and no others, so that a
 * misspelt or misplaced one is found. An object may lack any field but those with a `!`. `[x]` is a list of x, `{ '*': x }` a map to x.
 */
export type Shape = 'string' | 'integer' | 'boolean' | 'port' | readonly [Shape] | { readonly [field: string]: Shape }

const labels = { '*': 'string' } as const
const meta = { 'name!': 'string', namespace: 'string', labels } as const
const selector = { 'matchLabels!': labels } as const

const container = {
  'name!': 'string',
  'image!': 'string',
  command: ['string'],
  ports: [{ 'name!': 'string', 'containerPort!': 'integer' }],
  envFrom: [{ 'configMapRef!': { 'name!': 'string' } }],
  env: [{ 'name!': 'string', 'value!': 'string' }],
  readinessProbe: { 'httpGet!': { 'path!': 'string', 'port!': 'port' }, periodSeconds: 'integer', timeoutSeconds: 'integer', failureThreshold: 'integer' },
  livenessProbe: { 'httpGet!': { 'path!': 'string', 'port!': 'port' }, periodSeconds: 'integer', timeoutSeconds: 'integer', failureThreshold: 'integer' },
  'resources!': { 'requests!': { cpu: 'string', memory: 'string' }, 'limits!': { cpu: 'string', memory: 'string' } },
  'securityContext!': { 'allowPrivilegeEscalation!': 'boolean', 'readOnlyRootFilesystem!': 'boolean', 'capabilities!': { 'drop!': ['string'] } },
  volumeMounts: [{ 'name!': 'string', 'mountPath!': 'string', readOnly: 'boolean' }]
} as const

const pod = {
  'metadata!': { 'labels!': labels },
  'spec!': {
    'serviceAccountName!': 'string',
    'automountServiceAccountToken!': 'boolean',
    enableServiceLinks: 'boolean',
    restartPolicy: 'string',
    terminationGracePeriodSeconds: 'integer',
    'securityContext!': { 'runAsNonRoot!': 'boolean', runAsUser: 'integer', runAsGroup: 'integer', fsGroup: 'integer', 'seccompProfile!': { 'type!': 'string' } },
    topologySpreadConstraints: [{ 'maxSkew!': 'integer', 'topologyKey!': 'string', 'whenUnsatisfiable!': 'string', 'labelSelector!': selector }],
    'containers!': [container],
    volumes: [{ 'name!': 'string', secret: { 'secretName!': 'string', defaultMode: 'integer' }, configMap: { 'name!': 'string', defaultMode: 'integer' } }]
  }
} as const

const peers = [{ namespaceSelector: selector, podSelector: selector, ipBlock: { 'cidr!': 'string', except: ['string'] } }] as const
const networkPorts = [{ 'protocol!': 'string', 'port!': 'port' }] as const

export const shapes: Record<string, Shape> = {
  'v1 Namespace': { 'metadata!': meta },
  'v1 ServiceAccount': { 'metadata!': meta, 'automountServiceAccountToken!': 'boolean' },
  'v1 ConfigMap': { 'metadata!': meta, 'data!': labels },
  'v1 Secret': { 'metadata!': meta, type: 'string', 'stringData!': labels },
  'v1 Service': {
    'metadata!': meta,
    'spec!': { type: 'string', clusterIP: 'string', publishNotReadyAddresses: 'boolean', 'selector!': labels, 'ports!': [{ 'name!': 'string', 'port!': 'integer', 'targetPort!': 'port' }] }
  },
  'apps/v1 Deployment': {
    'metadata!': meta,
    'spec!': { 'selector!': selector, strategy: { 'type!': 'string', rollingUpdate: { maxUnavailable: 'port', maxSurge: 'port' } }, 'template!': pod }
  },
  'policy/v1 PodDisruptionBudget': { 'metadata!': meta, 'spec!': { 'maxUnavailable!': 'port', 'selector!': selector } },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    'metadata!': meta,
    'spec!': {
      'scaleTargetRef!': { 'apiVersion!': 'string', 'kind!': 'string', 'name!': 'string' },
      'minReplicas!': 'integer',
      'maxReplicas!': 'integer',
      'metrics!': [{ 'type!': 'string', 'resource!': { 'name!': 'string', 'target!': { 'type!': 'string', 'averageUtilization!': 'integer' } } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 'integer' } }
    }
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    'metadata!': meta,
    'spec!': { 'podSelector!': selector, 'policyTypes!': ['string'], ingress: [{ from: peers, ports: networkPorts }], egress: [{ to: peers, ports: networkPorts }] }
  },
  'batch/v1 CronJob': {
    'metadata!': meta,
    'spec!': {
      'schedule!': 'string',
      concurrencyPolicy: 'string',
      successfulJobsHistoryLimit: 'integer',
      failedJobsHistoryLimit: 'integer',
      'jobTemplate!': { 'spec!': { backoffLimit: 'integer', activeDeadlineSeconds: 'integer', 'template!': pod } }
    }
  },
  'kustomize.config.k8s.io/v1beta1 Kustomization': {
    namespace: 'string',
    'resources!': ['string'],
    images: [{ 'name!': 'string', newName: 'string', newTag: 'string' }],
    patches: [{ 'path!': 'string' }]
  }
}

const isOf: Record<Extract<Shape, string>, (value: unknown) => boolean> = {
  string: value => typeof value === 'string',
  boolean: value => typeof value === 'boolean',
  integer: Number.isInteger,
  port: value => typeof value === 'string' || Number.isInteger(value)
}

/** What is wrong with a manifest, a line each. */
export function faultsIn (value: unknown, shape: Shape, at = ''): string[] {
  if (typeof shape === 'string') return isOf[shape](value) ? [] : [`${at} is no ${shape}`]
  if (Array.isArray(shape)) return Array.isArray(value) ? value.flatMap((item, i) => faultsIn(item, shape[0] as Shape, `${at}/${i}`)) : [`${at} is no list`]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`]
  const fields = shape as Record<string, Shape>
  const missing = Object.keys(fields).filter(name => name.endsWith('!') && !(name.slice(0, -1) in value)).map(name => `${at}/${name.slice(0, -1)} is missing`)
  const wrong = Object.entries(value).flatMap(([name, inner]) => {
    const known = fields[name] ?? fields[`${name}!`] ?? fields['*']
    return known === undefined ? [`${at}/${name} is not a field`] : faultsIn(inner, known, `${at}/${name}`)
  })
  return [...missing, ...wrong]
}
