// The bundles of the workflows, made once by scripts/test-e2e: node bundles.js. With tdc's failure
// converter, and without.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The bundle for one data converter. */
export function bundle(kind: 'tdc' | 'default'): { codePath: string } {
  return { codePath: join(__dirname, `workflows-${kind}.bundle.js`) };
}

async function make(): Promise<void> {
  const workflowsPath = require.resolve('./workflows.js');
  const logger = new DefaultLogger('ERROR');
  const failureConverterPath = require.resolve('temporal-tdc/failure-converter');
  const encoding = await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger });
  writeFileSync(bundle('tdc').codePath, encoding.code);
  const plain = await bundleWorkflowCode({ workflowsPath, logger });
  writeFileSync(bundle('default').codePath, plain.code);
}

if (require.main === module) void make();
