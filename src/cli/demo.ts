import { readDemoOptions } from './demo/options.ts';
import { runDemo } from './demo/run-demo.ts';
import { reportFailure } from './report-failure.ts';

try {
  await runDemo(readDemoOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = reportFailure(error);
}
