import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'native', 'node_modules', 'esm', 'out', '**/*.mjs', 'tests'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: process.cwd() },
    },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Lengths and ids are numbers in texts.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
);
