import { escapeHtml, htmlPage } from './html.ts';

/** The login form, with the reason of a refusal. */
export function loginPage(reason?: string): string {
  const alert = reason === undefined ? '' : `<p class="alert" role="alert">${escapeHtml(reason)}</p>`;
  return htmlPage({
    title: 'Log in',
    body: `<main class="login">
<h1>BeePro</h1>
<form method="post" action="/login">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
${alert}
</form>
<p class="hint">The password stands in the file that <code>beepro run ui</code> names when it starts.</p>
</main>`,
  });
}
