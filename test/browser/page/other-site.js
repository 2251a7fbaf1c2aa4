/* global document, Image, addEventListener */
// What a page of another origin may try, with the cookie of a visitor who is signed in elsewhere. Each settles once its request was answered, or kept back.
const post = { method: 'POST', credentials: 'include', body: '{}' }
const json = { 'Content-Type': 'application/json', 'X-Requested-With': 'fetch' }

globalThis.attacks = {
  'fetch with no-cors': url => fetch(url, { ...post, mode: 'no-cors' }),
  'fetch with all the headers': url => fetch(url, { ...post, headers: json }),
  'fetch with no-cors and all the headers': url => fetch(url, { ...post, mode: 'no-cors', headers: json }),
  'a form': url => new Promise(resolve => {
    document.body.innerHTML = `<iframe name="hidden"></iframe><form target="hidden" method="post" enctype="text/plain" action="${url}"><input name='{"a":"' value='"}'></form>`
    document.querySelector('iframe').addEventListener('load', resolve)
    document.querySelector('form').submit()
  }),
  'an image': url => new Promise(resolve => {
    const image = new Image()
    image.onload = image.onerror = resolve
    image.src = url
  }),
  'a sandboxed frame, whose origin is null': url => new Promise(resolve => {
    addEventListener('message', resolve)
    document.body.innerHTML = '<iframe sandbox="allow-scripts"></iframe>'
    document.querySelector('iframe').srcdoc = `<script>fetch("${url}", { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).catch(() => {}).then(() => parent.postMessage('done', '*'))</${'script'}>`
  })
}
