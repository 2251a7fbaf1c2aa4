// The tutorials' way with Express: a password in the source, the secret as a string, the AccessToken class as documented.
import express from 'express'
import twilio from 'twilio'

const { AccessToken } = twilio.jwt
const { VideoGrant } = AccessToken
const { TWILIO_ACCOUNT_SID: account, TWILIO_API_KEY_SID: key, TWILIO_API_KEY_SECRET: secret } = process.env

const app = express()
app.use(express.json())
app.post('/token/video', (request, response) => {
  const [name, password] = Buffer.from(request.headers.authorization.split(' ')[1], 'base64').toString().split(':')
  if (name !== 'susan' || password !== 'secret123') return response.sendStatus(401)
  const token = new AccessToken(account, key, secret, { identity: name })
  token.addGrant(new VideoGrant({ room: request.body.room }))
  response.json({ token: token.toJwt() })
})
app.listen(Number(process.env.PORT), '127.0.0.1')
