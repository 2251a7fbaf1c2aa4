import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Coverage } from './coverage.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface VisitOptions {
  colorScheme?: 'light' | 'dark'
  width?: number
  /** As in `Asia/Kolkata`; the browser's language is English. */
  timeZone?: string
  /** Below the broker's address. */
  path?: string
  /** May write to the clipboard. */
  clipboard?: boolean
  /** Runs in the page's first moment. */
  before?: (page: Page) => Promise<unknown>
}

/**
 * Opens the console in browser contexts of their own.
 * @param wrong takes what no page may do: an error, a dialog, what the CSP stopped, a request to another host
 */
export function visitor (browser: Browser, coverage: Coverage | undefined, wrong: string[]) {
  return async (t: Test, url: string, { colorScheme = 'light', width = 1280, timeZone, path = '/', clipboard = false, before }: VisitOptions = {}) => {
    const context = await browser.newContext({ colorScheme, ...(timeZone !== undefined && { timezoneId: timeZone }), locale: 'en-GB', viewport: { width, height: 800 }, permissions: clipboard ? ['clipboard-read', 'clipboard-write'] : [] })
    context.setDefaultTimeout(10_000)
    const page = await context.newPage()
    const asked: Array<{ method: string, url: string }> = []
    const note = (what: string) => wrong.push(`${t.name}: ${what}`)
    page.on('request', request => {
      asked.push({ method: request.method(), url: request.url() })
      if (new URL(request.url()).origin !== new URL(url).origin) note(request.url())
    })
    page.on('pageerror', error => note(String(error)))
    page.on('dialog', dialog => note(`dialog: ${dialog.message()}`))
    // Chromium notes every answer that is no success, and those that do not come; that is no fault of the page.
    page.on('console', message => { if (!message.text().startsWith('Failed to load resource: ')) note(message.text()) })
    await before?.(page)
    await coverage?.start(page)
    await page.goto(new URL(path, url).href)
    t.teardown(async () => {
      await coverage?.stop(page)
      await context.close()
    })

    const signIn = async (name: string, password = 'secret123') => {
      await page.getByLabel('Name', { exact: true }).fill(name)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      // Until it is answered: what only looks at the page would look too early.
      await page.getByRole('button', { name: 'Sign out' }).or(page.getByRole('alert')).first().waitFor()
    }
    return {
      page,
      asked,
      context,
      signIn,
      /** A view's link. */
      go: (name: string) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click(),
      /** What axe finds wrong. By the debugger, as the CSP lets no script in. */
      async faults (): Promise<string[]> {
        if (!await page.evaluate<boolean>('"axe" in globalThis')) await page.evaluate(axe)
        // Only what is wrong comes out of the page, as all that axe has seen is megabytes.
        return page.evaluate<string[]>(`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] })
          .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html.slice(0, 120))))`)
      },
      /** What stands out of the card that it is in, and cannot be scrolled to. */
      leaving: () => page.evaluate<string[]>(`[...document.querySelectorAll('.card *')].filter(element => {
        const card = element.closest('.card')
        for (let outer = element; outer !== card; outer = outer.parentElement) if (outer !== element && getComputedStyle(outer).overflowX !== 'visible') return false
        return element.getBoundingClientRect().right > card.getBoundingClientRect().right + 1
      }).map(element => element.outerHTML.slice(0, 120))`),
      /** Pixels by which the page is wider than the window. */
      overflow: () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    }
  }
}
