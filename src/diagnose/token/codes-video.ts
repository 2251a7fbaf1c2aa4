import { inspect, online, type Codes } from './code.js'

/** Of Video, and of the signalling that Voice shares with it. */
export const videoCodes: Codes = {
  53000: {
    title: 'the signalling connection failed',
    causes: ['from Voice: by default its SDK shows 31202 (wrong signature) and most other codes of 310xx to 312xx as this', 'a firewall or proxy stops the WebSocket to Twilio'],
    look: `Make the Device with enableImprovedSignalingErrorPrecision: true to see the code itself. ${inspect}`,
    fix: 'If npx twilio-token-broker inspect finds nothing, look at the network: WebSockets to *.twilio.com on port 443.'
  },
  53001: { title: 'the signalling connection was cut', causes: ['the network went away'], look: 'See whether other WebSockets of the page last.', fix: 'The SDK connects again; for Video the token must live as long as the session, since it is sent again.' },
  53100: { title: 'Video: the room\'s name is not valid', causes: ['the room in the grant or in connect() is empty or no string'], look: inspect, fix: 'Name one room, by a text of 1 to 128 characters.' },
  53101: { title: 'Video: the room\'s name is too long', causes: ['it has more than 128 characters'], look: inspect, fix: 'Use a shorter name.' },
  53102: { title: 'Video: the room\'s name holds characters that cannot stand there', causes: ['control characters'], look: inspect, fix: 'Use another name.' },
  53103: { title: 'Video: the room cannot be created', causes: ['rooms made by clients are turned off in the Twilio Console', 'the account\'s limits are reached'], look: 'See Video, Default Room Settings in the Twilio Console.', fix: 'Allow it there, or create rooms by the REST API.' },
  53104: { title: 'Video: the room cannot be entered', causes: ['the token\'s grant names another room'], look: 'npx twilio-token-broker inspect says which room the token is for.', fix: 'Ask for a token for the room that connect() names.' },
  53105: { title: 'Video: the room is full', causes: ['as many participants as the room takes'], look: 'See the room in the Twilio Console.', fix: 'Use a room of another size or type.' },
  53106: { title: 'Video: the room is not found', causes: ['it has ended, and rooms made by clients are turned off', 'an RM… SID of another account'], look: online, fix: 'Create the room first.' },
  53200: { title: 'Video: the identity is not valid', causes: ['the identity is missing, empty or no string'], look: inspect, fix: 'Put an identity into the token.' },
  53201: { title: 'Video: the identity is too long', causes: ['it has more than 128 characters'], look: inspect, fix: 'Use a shorter identity.' },
  53202: { title: 'Video: the identity holds characters that cannot stand there', causes: ['control characters'], look: inspect, fix: 'Use another identity.' },
  53205: { title: 'Video: left because the same identity came in again', causes: ['two tabs or devices use one identity in one room: the later one stays', 'the page connects twice'], look: 'See whether the page calls connect() again before the first room is left.', fix: 'Give each tab an identity of its own, such as susan:2, or disconnect first.' }
}
