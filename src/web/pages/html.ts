/** Text made safe for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c,
  );
}

export interface PageParts {
  readonly title: string;
  /** Trusted HTML. */
  readonly body: string;
  /** Scripts under `/assets/`, loaded as modules. */
  readonly scripts?: readonly string[];
}

export function htmlPage({ title, body, scripts = [] }: PageParts): string {
  const tags = scripts.map((name) => `<script type="module" src="/assets/${name}"></script>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · BeePro</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/style.css">
${tags}
</head>
<body>
${body}
</body>
</html>
`;
}
