/*
 * temporal_tdc._native: a list of payloads through the codec by one call from Python.
 *
 * It serialises the payloads, calls libtdc and parses the answers, which ctypes does in three times
 * the Python operations. It links to nothing: Python hands in the addresses of the functions of the
 * library that ctypes has opened, so there is one library in the process, whichever it is.
 *
 * It knows only success. Where a call fails, asks something of the host, leaves a request pending
 * or takes too long for the event loop, `run` gives None, and the ctypes route makes the call
 * again: it has the errors, the requests and the threads. Encoding and decoding change nothing, so
 * a second try is safe.
 *
 * The inputs are hostile; all that is parsed here is the result of protobuf's and the library's
 * checks. Everything is under the GIL but the library's own calls, where `release` says so.
 * Meanwhile the caller holds a scratch of the handle, which keeps the native object alive.
 *
 * Python's stable ABI of 3.10: one file for every later CPython.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <time.h>

#include "rows.h"
#include "tdc.h"

/* Payloads up to this size travel together ... */
#define BATCHED (4 * 1024)
/* ... in batches of about so many bytes. */
#define BATCH (64 * 1024)
/* From here on the contents cross as a slice of their own: serialising copies them twice. */
#define TWO_SLICES (24 * 1024)
/* Longer metadata is left to protobuf. */
#define HEAD 1024
/* Longer answers go to a buffer that is kept: fresh memory costs page faults. */
#define ON_STACK (20 * 1024)
/* A larger buffer is not kept. */
#define KEPT_TO (4 * 1024 * 1024)
/* Calls on fewer bytes say nothing about what a byte costs, and always fit the event loop. */
#define LEAST (16 * 1024)
/* How long one call may hold the event loop: as long as Python lets one thread hold the GIL. */
#define BUDGET_NS 5e6
/* Before the first measurement we expect 20 ns a byte: compression, not encryption. */
#define UNKNOWN_RATE 20.0

typedef tdc_status (*one_function)(const tdc_data_converter *, tdc_call *, const uint8_t *, size_t,
                                   const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *, size_t,
                                   tdc_payload *, tdc_error **);
typedef tdc_status (*many_function)(const tdc_data_converter *, tdc_call *, const uint8_t *, size_t,
                                    const uint8_t *, size_t, tdc_buffer *, tdc_error **);
typedef size_t (*bound_function)(const tdc_data_converter *, size_t);

/* Encode or decode on one handle. */
typedef struct {
  PyObject_HEAD
  const tdc_data_converter *converter; /* NULL once the handle is closed */
  one_function one;
  many_function many;
  void (*buffer_free)(tdc_buffer *);
  void (*call_end)(tdc_call *);
  bound_function bound;
  size_t overhead;      /* by how much an answer may be longer than its payload, as the library says */
  int reads_bytearray;  /* whether protobuf parses a bytearray in place */
  PyObject *serialise;  /* Payload.SerializeToString */
  PyObject *others;     /* the names of all fields but metadata and data */
  PyObject *unknown;    /* protobuf's UnknownFieldSet */
  PyObject *parse;      /* Payload.FromString */
  PyObject *parse_many; /* Payloads.FromString */
  PyObject *area;       /* the kept buffer; NULL while a call uses it */
  size_t last_size;     /* sizes in a row are mostly alike */
  double rate;          /* nanoseconds a byte */
  int measured;
} Operation;

/* One `run`: the list so far, and what the next call of the library needs. */
typedef struct {
  Operation *op;
  const char *context;
  Py_ssize_t context_len;
  int release;
  tdc_call call;
  PyObject *done;  /* the list of answers */
  PyObject *items; /* serialised payloads that wait for their batch; NULL: none did yet */
  PyObject *batch; /* their originals: one that is unchanged is given back itself */
  size_t batch_bytes;
  size_t bytes; /* of all payloads so far */
} Run;

/* What a step comes to. */
typedef enum { DONE, LEAVE, TOO_LONG, RAISED } Step;

static size_t varint(uint8_t *out, size_t value) {
  size_t n = 0;
  while (value >= 0x80) {
    out[n++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  out[n++] = (uint8_t)value;
  return n;
}

static PyObject *call1(PyObject *function, PyObject *argument) {
  return PyObject_CallFunctionObjArgs(function, argument, NULL);
}

/* Parses an answer. Protobuf's refusal is left to the other route, which says which payload it
 * was. */
static Step parsed(PyObject *function, PyObject *bytes, PyObject **out) {
  *out = call1(function, bytes);
  if (*out != NULL) return DONE;
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return RAISED;
  PyErr_Clear();
  return LEAVE;
}

static Step append(PyObject *list, PyObject *item) {
  int failed = PyList_Append(list, item);
  Py_DECREF(item);
  return failed ? RAISED : DONE;
}

/* Takes the kept buffer, or makes one: a nested or parallel call finds none. */
static PyObject *take_area(Operation *op, size_t size) {
  PyObject *area = op->area;
  op->area = NULL;
  if (area == NULL) area = PyByteArray_FromStringAndSize(NULL, 0);
  if (area != NULL && PyByteArray_Resize(area, (Py_ssize_t)size) != 0) Py_CLEAR(area);
  return area;
}

static void give_area(Operation *op, PyObject *area, size_t size) {
  if (op->area == NULL && size <= KEPT_TO) {
    op->area = area;
  } else {
    Py_DECREF(area);
  }
}

static Step parse_copy(PyObject *function, const char *answer, size_t len, PyObject **out) {
  PyObject *bytes = PyBytes_FromStringAndSize(answer, (Py_ssize_t)len);
  if (bytes == NULL) return RAISED;
  Step step = parsed(function, bytes, out);
  Py_DECREF(bytes);
  return step;
}

/* The library's answer in a buffer of its own. */
static Step parse_owned(Run *run, PyObject *function, tdc_buffer *owned, PyObject **out) {
  Step step = parse_copy(function, (const char *)owned->data, owned->len, out);
  run->op->buffer_free(owned);
  return step;
}

/* Parses an answer of `len` bytes that lies in the kept buffer, which newer protobuf reads in
 * place. */
static Step parse_area(Run *run, PyObject *area, size_t len, PyObject **out) {
  Operation *op = run->op;
  if (!op->reads_bytearray) return parse_copy(op->parse, PyByteArray_AsString(area), len, out);
  if (PyByteArray_Resize(area, (Py_ssize_t)len) != 0) return RAISED;
  return parsed(op->parse, area, out);
}

/* Calls the library on one payload; `out` is the memory for the answer. */
static tdc_status call_one(Run *run, PyObject *head, PyObject *data, char *out, size_t capacity,
                           tdc_payload *written) {
  const tdc_data_converter *converter = run->op->converter;
  if (converter == NULL) return TDC_ERR_ARGUMENT; /* closed meanwhile */
  const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(head);
  const uint8_t *contents = data ? (const uint8_t *)PyBytes_AsString(data) : NULL;
  size_t bytes_len = (size_t)PyBytes_Size(head);
  size_t contents_len = data ? (size_t)PyBytes_Size(data) : 0;
  PyThreadState *thread = run->release && capacity > LEAST ? PyEval_SaveThread() : NULL;
  tdc_status status =
      run->op->one(converter, &run->call, (const uint8_t *)run->context, (size_t)run->context_len,
                   bytes, bytes_len, contents, contents_len, (uint8_t *)out, capacity, written, NULL);
  if (thread != NULL) PyEval_RestoreThread(thread);
  return status;
}

/* Encodes or decodes one payload: a small answer by way of the stack, a large one of the kept
 * buffer. */
static Step one(Run *run, PyObject *payload, PyObject *head, PyObject *data) {
  Operation *op = run->op;
  char stack[ON_STACK];
  size_t capacity = (size_t)PyBytes_Size(head) + (data ? (size_t)PyBytes_Size(data) : 0) + op->overhead;
  PyObject *area = capacity > sizeof stack ? take_area(op, capacity) : NULL;
  if (area == NULL && capacity > sizeof stack) return RAISED;
  char *out = area ? PyByteArray_AsString(area) : stack;
  tdc_payload written;
  tdc_status status = call_one(run, head, data, out, capacity, &written);
  PyObject *answer = NULL;
  Step step = DONE;
  if (status == TDC_UNCHANGED) {
    Py_INCREF(payload);
    answer = payload;
  } else if (status != TDC_OK) {
    /* Another key, after a reload or a wrap: the next call knows. */
    if (status == TDC_ERR_BUFFER_TOO_SMALL) op->overhead = op->bound(op->converter, 0);
    step = LEAVE;
  } else if (written.owned.data != NULL) {
    step = parse_owned(run, op->parse, &written.owned, &answer);
  } else if (area != NULL) {
    step = parse_area(run, area, written.len, &answer);
  } else {
    step = parse_copy(op->parse, stack, written.len, &answer);
  }
  if (area != NULL) give_area(op, area, capacity);
  return step == DONE ? append(run->done, answer) : step;
}

/* Puts the waiting payloads together as a `Payloads` message. */
static PyObject *joined(Run *run, Py_ssize_t count) {
  PyObject *message = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)run->batch_bytes);
  if (message == NULL) return NULL;
  uint8_t *at = (uint8_t *)PyBytes_AsString(message);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PyList_GetItem(run->items, i);
    size_t size = (size_t)PyBytes_Size(item);
    *at++ = 1 << 3 | 2;
    at += varint(at, size);
    memcpy(at, PyBytes_AsString(item), size);
    at += size;
  }
  return message;
}

/* Makes one call on all that wait. */
static Step batch(Run *run, Py_ssize_t count) {
  Operation *op = run->op;
  PyObject *message = joined(run, count);
  if (message == NULL) return RAISED;
  const tdc_data_converter *converter = op->converter;
  tdc_buffer out = {0};
  tdc_status status = TDC_ERR_ARGUMENT; /* closed meanwhile */
  if (converter != NULL) {
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(message);
    size_t size = (size_t)PyBytes_Size(message);
    PyThreadState *thread = run->release ? PyEval_SaveThread() : NULL;
    status = op->many(converter, &run->call, (const uint8_t *)run->context, (size_t)run->context_len,
                      bytes, size, &out, NULL);
    if (thread != NULL) PyEval_RestoreThread(thread);
  }
  Py_DECREF(message);
  if (status != TDC_OK) return LEAVE;
  PyObject *answer;
  Step step = parse_owned(run, op->parse_many, &out, &answer);
  if (step != DONE) return step;
  PyObject *payloads = PyObject_GetAttrString(answer, "payloads");
  Py_DECREF(answer);
  if (payloads == NULL) return RAISED;
  Py_ssize_t end = PyList_Size(run->done);
  int failed = PyList_SetSlice(run->done, end, end, payloads);
  Py_DECREF(payloads);
  return failed ? RAISED : DONE;
}

/* Lets a payload wait for its batch; 0: raised. */
static int wait_for_batch(Run *run, PyObject *payload, PyObject *head) {
  if (run->items == NULL) run->items = PyList_New(0);
  if (run->batch == NULL) run->batch = PyList_New(0);
  return run->items != NULL && run->batch != NULL && PyList_Append(run->items, head) == 0 &&
         PyList_Append(run->batch, payload) == 0;
}

/* Does what waits, as a batch where it is one. */
static Step flush(Run *run) {
  Py_ssize_t count = run->items == NULL ? 0 : PyList_Size(run->items);
  if (count == 0) return DONE;
  Step step = count == 1 ? one(run, PyList_GetItem(run->batch, 0), PyList_GetItem(run->items, 0), NULL)
                         : batch(run, count);
  run->batch_bytes = 0;
  if (PyList_SetSlice(run->items, 0, count, NULL) || PyList_SetSlice(run->batch, 0, count, NULL))
    return RAISED;
  return step;
}

/* Whether `count` more payloads of `size` bytes can be done in the event loop. */
static int fits_the_loop(Operation *op, size_t size, Py_ssize_t count) {
  double bytes = (double)size * (double)count;
  return bytes <= LEAST || bytes * op->rate <= BUDGET_NS;
}

/* Whether a payload has nothing but metadata and data, so that `split` can write all of it; -1:
 * raised. */
static int is_plain(Operation *op, PyObject *payload) {
  for (Py_ssize_t i = 0; i < PyTuple_Size(op->others); i++) {
    PyObject *field = PyObject_GetAttr(payload, PyTuple_GetItem(op->others, i));
    int filled = field == NULL ? -1 : PyObject_IsTrue(field);
    Py_XDECREF(field);
    if (filled != 0) return filled < 0 ? -1 : 0;
  }
  PyObject *fields = call1(op->unknown, payload);
  Py_ssize_t count = fields == NULL ? -1 : PyObject_Size(fields);
  Py_XDECREF(fields);
  return count < 0 ? -1 : count == 0;
}

/* Writes a tag, a length and bytes, if they fit; gives what was written, or 0. */
static size_t field(uint8_t *out, size_t room, uint8_t tag, const char *bytes, size_t len) {
  if (len + 11 > room) return 0;
  out[0] = tag;
  size_t n = 1 + varint(out + 1, len);
  memcpy(out + n, bytes, len);
  return n + len;
}

/* Writes an entry of the metadata; 0 where it does not fit or is none. */
static size_t entry(uint8_t *out, size_t room, PyObject *key, PyObject *value) {
  Py_ssize_t key_len;
  const char *text = PyUnicode_AsUTF8AndSize(key, &key_len);
  if (text == NULL || !PyBytes_Check(value)) return 0;
  uint8_t both[HEAD];
  size_t n = field(both, sizeof both, 1 << 3 | 2, text, (size_t)key_len);
  size_t m = n == 0 ? 0
                    : field(both + n, sizeof both - n, 2 << 3 | 2, PyBytes_AsString(value),
                            (size_t)PyBytes_Size(value));
  return m == 0 ? 0 : field(out, room, 1 << 3 | 2, (const char *)both, n + m);
}

/* Writes the metadata of a payload; 0 where that does not fit. */
static size_t write_metadata(uint8_t *out, size_t room, PyObject *metadata) {
  size_t len = 0;
  PyObject *keys = PyObject_GetIter(metadata), *key;
  if (keys == NULL) return 0;
  while ((key = PyIter_Next(keys)) != NULL) {
    PyObject *value = PyObject_GetItem(metadata, key);
    size_t n = value == NULL ? 0 : entry(out + len, room - len, key, value);
    Py_XDECREF(value);
    Py_DECREF(key);
    len += n;
    if (n == 0) break;
  }
  Py_DECREF(keys);
  return key == NULL && !PyErr_Occurred() ? len : 0;
}

/* Serialises a payload: its contents apart where they are large, otherwise `*data` stays NULL. */
static Step split(Operation *op, PyObject *payload, PyObject **head, PyObject **data) {
  uint8_t bytes[HEAD + 16];
  if (op->last_size >= TWO_SLICES) {
    int plain = is_plain(op, payload);
    PyObject *metadata = plain > 0 ? PyObject_GetAttrString(payload, "metadata") : NULL;
    size_t n = metadata != NULL ? write_metadata(bytes, HEAD, metadata) : 0;
    Py_XDECREF(metadata);
    *data = n > 0 ? PyObject_GetAttrString(payload, "data") : NULL;
    if (*data != NULL && PyBytes_Check(*data) && PyBytes_Size(*data) > 0) {
      bytes[n++] = 2 << 3 | 2;
      n += varint(bytes + n, (size_t)PyBytes_Size(*data));
      *head = PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)n);
      if (*head != NULL) return DONE;
    }
    Py_CLEAR(*data);
    if (PyErr_Occurred()) return RAISED;
  }
  *head = call1(op->serialise, payload);
  if (*head == NULL) return RAISED;
  return PyBytes_Check(*head) ? DONE : LEAVE;
}

/* Takes the next payload of the list; one of `rest` that are still to come. */
static Step next(Run *run, PyObject *payload, Py_ssize_t rest, int alone) {
  Operation *op = run->op;
  PyObject *head = NULL, *data = NULL;
  Step step = split(op, payload, &head, &data);
  if (step != DONE) {
    Py_XDECREF(head);
    return step;
  }
  size_t size = (size_t)PyBytes_Size(head) + (data ? (size_t)PyBytes_Size(data) : 0);
  op->last_size = size;
  run->bytes += size;
  if (!run->release && !fits_the_loop(op, size, rest)) {
    step = TOO_LONG;
  } else if (size > BATCHED || data != NULL || alone) {
    step = flush(run);
    if (step == DONE) step = one(run, payload, head, data);
  } else {
    uint8_t length[10];
    run->batch_bytes += 1 + varint(length, size) + size;
    if (!wait_for_batch(run, payload, head))
      step = RAISED;
    else if (run->batch_bytes >= BATCH)
      step = flush(run);
  }
  Py_DECREF(head);
  Py_XDECREF(data);
  return step;
}

static double thread_time(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Learns how long a byte takes, by the time of the thread: a busy machine must not count. */
static void note(Operation *op, size_t bytes, double spent) {
  double rate = spent / (double)bytes;
  if (op->measured) {
    /* One call that was held up by something else must not send the next ones to a thread. */
    double ceiling = 4 * op->rate + 1;
    op->rate += ((rate < ceiling ? rate : ceiling) - op->rate) / 4;
  } else {
    op->rate = rate;
    op->measured = 1;
  }
}

static Step whole(Run *run, PyObject *payloads) {
  Py_ssize_t count = PySequence_Size(payloads);
  if (count < 0) return RAISED;
  int timed = run->op->last_size * (size_t)count >= LEAST;
  double begin = timed ? thread_time() : 0;
  Step step = DONE;
  for (Py_ssize_t i = 0; i < count && step == DONE; i++) {
    PyObject *payload = PySequence_GetItem(payloads, i);
    if (payload == NULL) return RAISED;
    step = next(run, payload, count - i, count == 1);
    Py_DECREF(payload);
  }
  if (step == DONE) step = flush(run);
  if (step == DONE && timed && run->bytes >= LEAST) note(run->op, run->bytes, thread_time() - begin);
  return step;
}

/* run(payloads, context, release) */
static PyObject *operation_run(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Run run = {.op = (Operation *)self};
  if (count != 3) {
    PyErr_SetString(PyExc_TypeError, "expected payloads, context, release");
    return NULL;
  }
  char *context;
  if (PyBytes_AsStringAndSize(args[1], &context, &run.context_len) != 0) return NULL;
  run.context = context;
  run.release = args[2] == Py_True;
  run.done = PyList_New(0);
  Step step = run.done != NULL ? whole(&run, args[0]) : RAISED;
  /* The next data key is to be wrapped: the other route is asked for it again, and passes it on. */
  if (step == DONE && run.call.pending > 0) step = LEAVE;
  if (run.call.memory != NULL) run.op->call_end(&run.call);
  Py_XDECREF(run.items);
  Py_XDECREF(run.batch);
  if (step == DONE) return run.done;
  Py_XDECREF(run.done);
  if (step == RAISED) return NULL;
  if (step == TOO_LONG) Py_RETURN_FALSE;
  Py_RETURN_NONE;
}

static PyObject *operation_close(PyObject *self, PyObject *unused) {
  (void)unused;
  ((Operation *)self)->converter = NULL;
  Py_RETURN_NONE;
}

static PyObject *operation_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  unsigned long long converter, one, many, buffer_free, call_end, bound;
  int reads_bytearray;
  PyObject *serialise, *others, *unknown, *parse, *parse_many;
  if (named != NULL && PyDict_Size(named) != 0) {
    PyErr_SetString(PyExc_TypeError, "Operation takes no keyword arguments");
    return NULL;
  }
  if (!PyArg_ParseTuple(args, "KKKKKKpOO!OOO", &converter, &one, &many, &buffer_free, &call_end,
                        &bound, &reads_bytearray, &serialise, &PyTuple_Type, &others,
                        &unknown, &parse, &parse_many))
    return NULL;
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  Operation *op = (Operation *)allocate(type, 0);
  if (op == NULL) return NULL;
  op->converter = (const tdc_data_converter *)(uintptr_t)converter;
  op->one = (one_function)(uintptr_t)one;
  op->many = (many_function)(uintptr_t)many;
  op->buffer_free = (void (*)(tdc_buffer *))(uintptr_t)buffer_free;
  op->call_end = (void (*)(tdc_call *))(uintptr_t)call_end;
  op->bound = (bound_function)(uintptr_t)bound;
  op->overhead = op->bound(op->converter, 0);
  op->reads_bytearray = reads_bytearray;
  op->rate = UNKNOWN_RATE;
  Py_INCREF(op->serialise = serialise);
  Py_INCREF(op->others = others);
  Py_INCREF(op->unknown = unknown);
  Py_INCREF(op->parse = parse);
  Py_INCREF(op->parse_many = parse_many);
  return (PyObject *)op;
}

static void operation_free(PyObject *self) {
  Operation *op = (Operation *)self;
  PyTypeObject *type = Py_TYPE(self);
  Py_XDECREF(op->serialise);
  Py_XDECREF(op->others);
  Py_XDECREF(op->unknown);
  Py_XDECREF(op->parse);
  Py_XDECREF(op->parse_many);
  Py_XDECREF(op->area);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyMethodDef operation_methods[] = {
    {"run", (PyCFunction)(void (*)(void))operation_run, METH_FASTCALL,
     "Encode or decode payloads: a list, False for too long, None for ctypes to do it."},
    {"close", operation_close, METH_NOARGS, "Leave every further call to ctypes."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot operation_slots[] = {{Py_tp_new, operation_new},
                                        {Py_tp_dealloc, operation_free},
                                        {Py_tp_methods, operation_methods},
                                        {Py_tp_doc, "Encode or decode on one handle."},
                                        {0, NULL}};

static PyType_Spec operation_spec = {.name = "temporal_tdc._native.Operation",
                                     .basicsize = sizeof(Operation),
                                     .flags = Py_TPFLAGS_DEFAULT,
                                     .slots = operation_slots};

static int module_fill(PyObject *module) {
  PyObject *type = PyType_FromSpec(&operation_spec);
  if (type == NULL) return -1;
  int failed = PyModule_AddObjectRef(module, "Operation", type) != 0 ||
               PyModule_AddIntConstant(module, "ABI_VERSION", TDC_ABI_VERSION) != 0;
  Py_DECREF(type);
  if (!failed) failed = rows_fill(module) != 0;
  return failed ? -1 : 0;
}

/* No slot for an interpreter with a GIL of its own: there the import fails, and ctypes is used. */
static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, module_fill}, {0, NULL}};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "temporal_tdc._native",
                             .m_slots = module_slots};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module); }
