/* What rows.c adds to the module, and what both files need to know of HistoryEvent. */
#pragma once
#include <Python.h>

/* The number of `HistoryEvent.user_metadata`; a test compares it with the descriptor. */
#define USER_METADATA 301

int rows_fill(PyObject *module);
