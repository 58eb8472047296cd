import { htmlPage } from './html.ts';
import { pageHeader } from './navigation.ts';

/** The Lotus nodes as the coordinator sees them: an empty frame that `chain.js` fills and keeps fresh. */
export function chainPage(): string {
  return htmlPage({
    title: 'Chain',
    scripts: ['chain.js'],
    body: `${pageHeader('/chain')}
<main>
<section aria-labelledby="nodes-title">
<h2 id="nodes-title">Nodes</h2>
<div id="alarms" role="alert"></div>
<p id="summary"></p>
<div id="nodes"></div>
</section>
</main>
<noscript><p class="alert">This page needs JavaScript.</p></noscript>`,
  });
}
