// The C interface of OpenBLAS; Recurrent/MatrixProduct.swift is its only user.
#include <cblas.h>
