const PAGES = [
  ['/', 'Overview'],
  ['/scheduling', 'Scheduling'],
  ['/chain', 'Chain'],
  ['/queues/', 'Queues'],
  ['/metrics', 'Metrics'],
] as const;

/** The head of every page behind the login, with the place of its freshness note. */
export function pageHeader(current: (typeof PAGES)[number][0]): string {
  const links = PAGES.map(
    ([path, name]) => `<a href="${path}"${path === current ? ' aria-current="page"' : ''}>${name}</a>`,
  );
  return `<header>
<h1>BeePro</h1>
<nav>${links.join(' ')}</nav>
<p id="freshness" role="status">Loading…</p>
<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form>
</header>`;
}
