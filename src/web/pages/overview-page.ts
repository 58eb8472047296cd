import { htmlPage } from './html.ts';
import { pageHeader } from './navigation.ts';

/** The first page: an empty frame that `overview.js` fills from `/api/overview` and keeps fresh. */
export function overviewPage(): string {
  return htmlPage({
    title: 'Overview',
    scripts: ['overview.js'],
    body: `${pageHeader('/')}
<main>
<section aria-labelledby="pipeline-title">
<h2 id="pipeline-title">Sectors</h2>
<div id="pipeline"></div>
</section>
<section aria-labelledby="parked-title" id="parked-section" hidden>
<h2 id="parked-title">Parked</h2>
<div id="parked"></div>
</section>
<section aria-labelledby="proving-title">
<h2 id="proving-title">Sectors that reached Proving, by hour</h2>
<div id="proving"></div>
</section>
<section aria-labelledby="workers-title">
<h2 id="workers-title">Workers</h2>
<div id="workers"></div>
</section>
</main>
<noscript><p class="alert">This page needs JavaScript.</p></noscript>`,
  });
}
