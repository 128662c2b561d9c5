# ConvclKernels.cmake: turns kernels/*.cl, their includes expanded, into one C file.
# SPDX-License-Identifier: MIT

function(convcl_embed_kernels target)
  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cl)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.h)
  set(output ${PROJECT_BINARY_DIR}/kernels_embedded.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DKERNEL_DIR=${PROJECT_SOURCE_DIR}/kernels -DOUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/cmake/embed_kernels.cmake
    DEPENDS ${kernels} ${headers} ${PROJECT_SOURCE_DIR}/cmake/embed_kernels.cmake
    COMMENT "Embedding the kernels" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
