/* Every group of tests; harness.c runs them in this order. */
#ifndef TESTS_H
#define TESTS_H

void test_static_functions(void);
void test_getters(void);
void test_frees(void);
void test_null_matrix(void);
void test_buffers(void);
void test_secrecy(void);
void test_context(void);
void test_host_keys(void);
void test_answers(void);
void test_reload(void);
void test_remote(void);
void test_storage(void);
void test_threads(void);
void test_fork(void);
void test_fork_first_use(void);
void test_fork_locks(void);
void test_stack(void);

/* Runs the vectors in the file that vectors_to_lines.py made; gives back how many it ran. */
int run_vectors(const char *path);

/* Prints the name of every function whose pointers the matrix and the getters cover. */
void list_functions(void);

#endif
