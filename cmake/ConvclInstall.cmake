# ConvclInstall.cmake: `cmake --install` and the CMake package that other projects find.
# SPDX-License-Identifier: MIT
install(TARGETS convcl ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/convcl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/include/convcl/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/convcl)
