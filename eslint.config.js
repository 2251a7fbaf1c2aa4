import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['build/**', 'dist/**', '.tap/**', 'test/fixtures/**'] }),
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error'
    }
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx', 'plugins/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // A message stays in one line, so that a search finds it; so do the rows of tables, which are mostly messages and patterns.
      '@stylistic/max-len': ['error', { code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }]
    }
  }
]
