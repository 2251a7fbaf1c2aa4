/** In a tab of its own: to leave this page is to sign out. */
export function TwilioPage ({ code }: { code: number }) {
  return <a href={`https://www.twilio.com/docs/api/errors/${code}`} target='_blank' rel='noopener noreferrer'>Twilio’s page about {code}</a>
}
