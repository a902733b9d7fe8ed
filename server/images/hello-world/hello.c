/* Prints the greeting and ends. No libc, so that the image is as small as an image can be. */

static const char greeting[] =
    "\n"
    "Hello from Docker!\n"
    "If you can read this, everything between your keyboard and this line works.\n"
    "\n"
    "What happened just now:\n"
    " 1. The docker command asked the Docker Engine to run the image \"hello-world\".\n"
    " 2. The engine had no such image, so it pulled it from the registry.\n"
    " 3. It made a container from the image and started the one program in it.\n"
    " 4. That program printed this text, and the engine passed it on to your terminal.\n"
    "\n"
    "For something roomier, try a whole Linux system:\n"
    " $ docker run -it ubuntu bash\n"
    "\n";

static long call(long number, long a, long b, long c) {
  long result;
#if defined(__x86_64__)
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  result = x0;
#else
#error "hello.c knows the system calls of x86-64 and arm64"
#endif
  return result;
}

#if defined(__x86_64__)
enum { WRITE = 1, EXIT = 60 };
#else
enum { WRITE = 64, EXIT = 93 };
#endif

void _start(void) {
  call(WRITE, 1, (long)greeting, sizeof greeting - 1);
  call(EXIT, 0, 0, 0);
  __builtin_unreachable();
}
