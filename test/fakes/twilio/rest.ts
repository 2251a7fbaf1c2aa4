/** An HTTP request as Twilsock carries it. */
export interface RestRequest {
  host: string
  path: string
  method: string
}

/**
 * What Conversations and Chat fetch before they call themselves initialized: their configuration, then the user's Sync map and
 * the list of the user's conversations, which is empty here. The answers hold what the SDKs read of them and no more.
 */
const resources: Array<{ path: RegExp, answer: (identity: string, name: string) => object }> = [
  { path: /^\/Client\/v[12]\/Configuration$/, answer: configuration },
  { path: /^\/v3\/Maps\/(\w+)$/, answer: map },
  { path: /^\/Client\/MyConversations$/, answer: () => ({ conversations: [], meta: { next_token: null } }) },
  // The SDK asks again for what is not established within this time. Nothing changes here, so nothing needs to be.
  { path: /^\/v4\/Subscriptions$/, answer: () => ({ estimated_delivery_in_ms: 3_600_000, max_batch_size: 100, ttl_in_s: 3_600 }) }
]

/** The JSON body of the answer, or `undefined` for what is not there. */
export function rest (request: RestRequest | undefined, identity: string) {
  for (const { path, answer } of resources) {
    const found = path.exec(request?.path ?? '')
    if (found) return answer(identity, found[1] ?? '')
  }
}

function configuration (identity: string) {
  const link = 'https://aim.us1.twilio.com/Client/'
  return {
    identity,
    links: {
      my_conversations: `${link}MyConversations`,
      conversations: `${link}Conversations`,
      users: `${link}Users`,
      current_user: `${link}Users/me`,
      typing: `${link}Typing`,
      messages_receipts: `${link}Receipts`,
      media_service: 'https://mcs.us1.twilio.com/Media',
      media_set_service: 'https://mcs.us1.twilio.com/MediaSet'
    },
    options: { reachability_enabled: false },
    sync_objects: { my_user_info: 'user', my_conversations: 'conversations' }
  }
}

function map (identity: string, name: string) {
  const url = `https://cds.us1.twilio.com/v3/Maps/${name}`
  const item = (key: string, data: string) =>
    ({ key, url: `${url}/Items/${key}`, revision: '0', last_event_id: 0, date_updated: new Date(0), data: { value: data } })
  return {
    sid: `MP${name}`,
    unique_name: name,
    url,
    links: { items: `${url}/Items` },
    revision: '0',
    last_event_id: 0,
    date_updated: new Date(0),
    items: name === 'user' ? [item('friendlyName', identity), item('attributes', '{}')] : []
  }
}
