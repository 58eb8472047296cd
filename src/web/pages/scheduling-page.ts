import { htmlPage } from './html.ts';
import { pageHeader } from './navigation.ts';

/** What the fleet runs and why not more: an empty frame that `scheduling.js` fills and keeps fresh. */
export function schedulingPage(): string {
  return htmlPage({
    title: 'Scheduling',
    scripts: ['scheduling.js'],
    body: `${pageHeader('/scheduling')}
<main>
<section aria-labelledby="pledging-title">
<h2 id="pledging-title">Automatic pledging</h2>
<div id="pledging"></div>
</section>
<section aria-labelledby="why-title">
<h2 id="why-title">Why does a sector wait?</h2>
<form id="why-form" class="ask">
<label for="why-sector">Sector</label>
<input id="why-sector" name="sector" placeholder="t01000/12" autocomplete="off" spellcheck="false">
<button type="submit">Ask</button>
</form>
<div id="why" aria-live="polite"></div>
<div id="waiting"></div>
</section>
<section aria-labelledby="classes-title" id="classes-section" hidden>
<h2 id="classes-title">Classes of workers</h2>
<div id="classes" class="wide"></div>
</section>
<section aria-labelledby="hosts-title">
<h2 id="hosts-title">Workers</h2>
<form id="find-form" class="ask" role="search">
<label for="find">Find</label>
<input id="find" name="find" placeholder="part of a name, or a class" autocomplete="off" spellcheck="false">
</form>
<div id="hosts"></div>
</section>
</main>
<noscript><p class="alert">This page needs JavaScript.</p></noscript>`,
  });
}
